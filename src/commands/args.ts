import { Args, Flags } from '@oclif/core';

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
