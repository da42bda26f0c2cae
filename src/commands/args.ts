import { Args, Flags, type Interfaces } from '@oclif/core';
import { EXIT_CODES } from '../core/exit-codes.ts';

/** Arguments and flags that many commands share. */
export const tenantArg = { tenant: Args.string({ description: 'Name of the tenant.', required: true }) };
export const stageFlag = {
  stage: Flags.boolean({ description: 'Only record the change; `chp tenant apply` pushes it.' }),
};
export const selectorFlag = {
  selector: Flags.string({
    char: 'l',
    description: 'By labels, as Kubernetes writes them: ring=stable,region!=us or "region in (eu,uk)".',
  }),
};
export const jobArg = { job: Args.string({ description: 'Id of the job, or the beginning of it.', required: true }) };
/** An operation on many tenants at once. */
export const rolloutFlags = {
  ...selectorFlag,
  all: Flags.boolean({ description: 'All tenants of the registry.' }),
  rings: Flags.string({ description: 'Order of the rings (label `ring`), as canary,early,stable; others come last.' }),
  canary: Flags.string({ description: 'How many go first, alone: a number or a share.', default: '1' }),
  batch: Flags.string({ description: 'How many of a ring go in one wave: a number or a share.', default: '100%' }),
  'max-failures': Flags.string({
    description: 'More failures halt it; one of a canary does in any case: a number or a share.',
    default: '0',
  }),
  'soak-between': Flags.string({
    description: 'How long each wave is left alone before its tenants are looked at again, and the next one begins.',
    default: '0s',
  }),
  jitter: Flags.string({ description: 'Each tenant begins by chance so much later at most.', default: '0s' }),
  seed: Flags.integer({ description: 'Repeats the order that chance gave.', min: 0 }),
  'at-once': Flags.integer({ description: 'How many at a time.', default: 8, min: 1, max: 500 }),
  'ignore-windows': Flags.boolean({ description: 'Also outside windows, in quiet hours and during a family’s pause.' }),
  'wait-for-windows': Flags.boolean({ description: 'Stay until the windows of the last have opened.' }),
  executor: Flags.string({
    description: 'Who runs it: this process, or workers (`chp worker ops`) by Temporal.',
    options: ['local', 'temporal'],
    default: 'local',
  }),
};
export const yesFlag = { yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }) };
export const fileFlag = { file: Flags.string({ char: 'f', description: 'tenant.yaml; `-` for standard input.' }) };
export const catalogueArg = { catalogue: Args.string({ description: 'Name of the catalogue.', required: true }) };
export const catalogueFlag = {
  catalogue: Flags.string({ description: 'Name of the catalogue, where more than one could be meant.' }),
};
export const catalogueNameFlags = {
  name: Flags.string({ description: 'What it is called here.', default: 'home' }),
  scope: Flags.string({ description: 'npm scope of its packs.', default: '@clawd-packs' }),
  url: Flags.string({ description: 'Address under which npm’s tools will find it.' }),
};
export const keyExpiresFlag = {
  expires: Flags.string({ description: 'Date after which the key signs nothing any more.' }),
};
export const packArg = {
  pack: Args.string({ description: '[catalogue/]id[@version, range or channel].', required: true }),
};
export const allowYankedFlag = {
  'allow-yanked': Flags.boolean({ description: 'Also a version that was withdrawn, when its number is given.' }),
};
export const packIdArg = { pack: Args.string({ description: 'Id of the pack.', required: true }) };
export const inputFlag = {
  input: Flags.string({
    description: 'Value of an input, as NAME=VALUE; the value is YAML. May be given several times.',
    multiple: true,
  }),
};
export const memberFlag = { as: Flags.string({ description: 'Member on whose behalf.' }) };
export const decisionArgs = {
  ...tenantArg,
  envelope: Args.string({ description: 'Id, as `chp inbox` shows it.', required: true }),
};
export const decisionFlags = { ...memberFlag, comment: Flags.string({ description: 'Said with it.' }) };
export const retractionArgs = {
  pack: Args.string({ description: 'Pack and exact version: id@1.2.3.', required: true }),
  reason: Args.string({ description: 'Why; shown to whoever uses it.' }),
};
export const retractionFlags = { ...catalogueFlag, undo: Flags.boolean({ description: 'Take it back.' }) };
export const generationArg = {
  generation: Args.string({ description: 'Number, or the beginning of its digest.', required: true }),
};
export const backupArg = { backup: Args.string({ description: 'Id of the backup; by default the newest.' }) };

/** 0 only where everything that was asked for is done. */
export function exitWith(ended: { state: string }): void {
  if (ended.state !== 'done') process.exitCode = EXIT_CODES.partial.code;
}

/** oclif would take a missing argument from standard input, which is for documents and secrets. */
export function withoutStdin(args: Interfaces.ArgInput): Interfaces.ArgInput {
  return Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, { ...arg, ignoreStdin: true }]));
}

/** oclif leaves out a boolean that was not said, although its types call it false. */
export function withFalse(flags: object, defined: Interfaces.FlagInput): object {
  const booleans = Object.entries(defined).filter(([, { type }]) => type === 'boolean');
  return { ...Object.fromEntries(booleans.map(([name]) => [name, false])), ...flags };
}
