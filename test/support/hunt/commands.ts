import { readFileSync } from 'node:fs';
import { packagePath } from '../../../src/core/package-root.ts';

/** How a command is run by the hunt: `run` gives its arguments for the n-th time, `input` what it reads. */
export interface Hunted {
  kind: 'look' | 'change';
  run: (n: number) => string[];
  input?: string;
}

const look = (...args: string[]): Hunted => ({ kind: 'look', run: () => args });
const change = (run: Hunted['run'], input?: string): Hunted => ({ kind: 'change', run, ...(input ? { input } : {}) });

let bundles = 0;
/** What was changed by hand in the live configuration makes it red; the archive is hunted through as every file is. */
const doctor = (bundle: string): string[] => ['doctor', 'smith', '--skip', 'generation.config', '--bundle', bundle];

/**
 * Every command that has to do with a tenant, in the order in which changes are made. `rotated` and `given` are values
 * of secrets for standard input, `question` the id of the n-th open one, `dir` a folder of the test's own.
 */
export const hunted = (parts: {
  given: string;
  rotated: string;
  dir: string;
  question: (n: number) => string;
}): Record<string, Hunted> => ({
  'audit:export': look('audit', 'export'),
  'audit:list': look('audit', 'list', '--limit', '500'),
  'audit:verify': look('audit', 'verify'),
  'config:diff': look('config', 'diff', 'smith'),
  'config:get': look('config', 'get', 'smith'),
  doctor: { kind: 'look', run: () => doctor(`${parts.dir}/support-${bundles++}.tar`) },
  exec: look('exec', 'smith', '--', 'id'),
  'job:list': look('job', 'list', '--limit', '1000'),
  inbox: look('inbox', 'smith', '--all'),
  logs: look('logs', 'smith', 'gateway', '-n', '2000'),
  'member:list': look('member', 'list', 'smith'),
  'pack:audit': look('pack', 'audit', 'smith'),
  'pack:history': look('pack', 'history', 'smith'),
  'pack:list': look('pack', 'list', 'smith'),
  'secret:list': look('secret', 'list', 'smith'),
  'skill:list': look('skill', 'list', 'smith'),
  ssh: look('ssh', 'smith'),
  'tenant:export': look('tenant', 'export', 'smith'),
  'tenant:list': look('tenant', 'list'),
  'tenant:plan': look('tenant', 'plan', 'smith'),
  'tenant:show': look('tenant', 'show', 'smith'),

  'member:add': change((n) => ['member', 'add', 'smith', `m${n}`, '--name', 'Max', '--role', 'Teen']),
  'member:rm': change((n) => ['member', 'rm', 'smith', `m${n}`]),
  'config:set': change((n) => ['config', 'set', 'smith', 'agents.defaults.timeoutSeconds', `${100 + n}`]),
  'secret:set': change(() => ['secret', 'set', 'smith', 'WEATHER_KEY'], parts.given),
  'secret:rotate': change(() => ['secret', 'rotate', 'smith', 'WEATHER_KEY'], parts.rotated),
  'skill:add': change(() => ['skill', 'add', 'smith', 'builtin:chores']),
  'skill:push': change(() => ['skill', 'push', 'smith', 'chores']),
  'skill:remove': change((n) => ['skill', 'remove', 'smith', n === 0 ? 'chores' : 'none']),
  'pack:run': change(() => ['pack', 'run', 'smith', 'unlock-door', '--as', 'ana', '--detach']),
  approve: change(() => ['approve', 'smith', parts.question(0), '--as', 'ana']),
  deny: change(() => ['deny', 'smith', parts.question(1), '--as', 'ana']),
  'pack:upgrade': change(() => ['pack', 'upgrade', 'smith']),
  'pack:install': change(() => ['pack', 'install', 'smith', 'unlock-door', '--input', 'quorum=1']),
  'pack:remove': change(() => ['pack', 'remove', 'smith', 'unlock-door', '--stage']),
  'tenant:push': change(() => ['tenant', 'push', 'smith']),
  'tenant:apply': change(() => ['tenant', 'apply', 'smith']),
  'secret:rm': change(() => ['secret', 'rm', 'smith', 'WEATHER_KEY', '--yes']),
  'catalogue:init': change((n) => ['catalogue', 'init', `${parts.dir}/catalogue-${n}`, '--name', `own-${n}`]),
  'catalogue:keys:list': look('catalogue', 'keys', 'list', 'own-0'),
});

/** What the hunt leaves out, and why. */
export const NOT_HUNTED: Record<string, string> = {
  'tenant:create': 'it begins the hunt',
  'tenant:destroy': 'it ends the hunt',
  'worker:ops': 'it does what `tenant apply` and `upgrade` do',
  ...because('it prints what `job list` does, of one job; what it goes on with is hunted by itself', [
    ...['job:show', 'job:watch', 'job:resume', 'job:pause', 'job:cancel'],
  ]),
  ...because('what is kept, and its key, are hunted with the real restic in restic.test.ts', [
    ...['backup:create', 'backup:drill', 'backup:list', 'backup:restore', 'backup:verify'],
  ]),
  ...because('not hunted yet: it says names, paths and digests, and activates as `tenant apply` does', [
    ...['generation:diff', 'generation:list', 'generation:pin', 'generation:prune', 'generation:show'],
    ...['generation:unpin', 'rollback', 'upgrade'],
  ]),
  'pack:stop': 'it asks the worker as `deny` does, and says back what it was given',
  quickstart: 'it is create, install and run of what is hunted here, on this machine',
  ...because('it has to do with no tenant and with no secret', [
    ...['help', 'version', 'engine:install', 'engine:list'],
    ...['bundle:build', 'bundle:import', 'bundle:inspect', 'bundle:verify'],
    ...['pack:graph', 'pack:info', 'pack:init', 'pack:lint', 'pack:search', 'pack:test', 'pack:verbs'],
  ]),
  ...because('it has to do with no tenant; its keys are hunted with `catalogue init` and `keys list`', [
    ...['catalogue:keys:add', 'catalogue:keys:pin', 'catalogue:keys:revoke', 'catalogue:keys:rotate'],
    ...['catalogue:add', 'catalogue:list', 'catalogue:mirror', 'catalogue:remove', 'catalogue:renew'],
    ...['catalogue:serve', 'catalogue:verify', 'pack:deprecate', 'pack:publish', 'pack:yank'],
  ]),
};

/** Ids of all commands, from the manifest that is published. */
export const commandIds = (): string[] =>
  Object.keys((JSON.parse(readFileSync(packagePath('oclif.manifest.json'), 'utf8')) as { commands: object }).commands);

function because(reason: string, ids: string[]): Record<string, string> {
  return Object.fromEntries(ids.map((id) => [id, reason]));
}
