import { expect, test } from 'vitest';
import type { GenerationManifest, GenerationService } from '../../../src/core/generation.ts';
import { compareGenerations } from '../../../src/core/plan.ts';

const service = (name: string, more: Partial<GenerationService> = {}): GenerationService => ({
  name,
  argv: ['{node}', name],
  env: {},
  credentials: [],
  memoryMaxMb: 256,
  tasksMax: 64,
  stopTimeoutS: 5,
  ...more,
});

const manifest = (more: Partial<GenerationManifest> = {}): GenerationManifest => ({
  schema: 1,
  tenant: 'smith',
  platform: 'linux-x64',
  runtime: { name: 'clawdbot', version: '1', node: 'n', app: 'a' },
  files: [
    { path: 'config/gateway.json', mode: 0o644, sha256: 'c1', size: 1 },
    { path: 'skills/garden/SKILL.md', mode: 0o644, sha256: 's1', size: 1 },
  ],
  services: [service('gateway')],
  checks: {
    gateway: { port: 1, tokenSecret: 'T', version: '1' },
    turn: { required: true, prompt: '', timeoutS: 1 },
    skills: [],
    channels: [],
  },
  ownership: { family: [], agent: [] },
  ...more,
});

test('the same digest is no change, whatever else', () => {
  expect(compareGenerations(manifest(), manifest(), { from: 'x', to: 'x' })).toBeNull();
});

test('from nothing, everything is new', () => {
  expect(compareGenerations(null, manifest(), { from: null, to: 'x' })).toEqual({
    from: null,
    to: 'x',
    files: [
      { path: 'config/gateway.json', change: 'add' },
      { path: 'skills/garden/SKILL.md', change: 'add' },
    ],
    services: ['gateway'],
    runtime: { from: null, to: 'clawdbot@1' },
  });
});

test('files: added, changed in content or mode, removed', () => {
  const after = manifest({
    files: [
      { path: 'config/gateway.json', mode: 0o644, sha256: 'c2', size: 1 },
      { path: 'skills/home/SKILL.md', mode: 0o644, sha256: 's1', size: 1 },
    ],
  });
  expect(compareGenerations(manifest(), after, { from: 'x', to: 'y' })).toMatchObject({
    files: [
      { path: 'config/gateway.json', change: 'change' },
      { path: 'skills/home/SKILL.md', change: 'add' },
      { path: 'skills/garden/SKILL.md', change: 'remove' },
    ],
    services: [],
    runtime: null,
  });
  const executable = manifest({
    files: manifest().files.map((file) => ({ ...file, mode: 0o755 as const })),
  });
  expect(compareGenerations(manifest(), executable, { from: 'x', to: 'y' })?.files.map(({ change }) => change)).toEqual(
    ['change', 'change'],
  );
});

test('services: changed in anything, added, removed; another runtime is named', () => {
  const after = manifest({
    runtime: { name: 'openclaw', version: '2', node: 'n', app: 'b' },
    services: [service('gateway', { env: { TZ: 'UTC' } }), service('demo-model')],
  });
  expect(compareGenerations(manifest(), after, { from: 'x', to: 'y' })).toMatchObject({
    services: ['gateway', 'demo-model'],
    runtime: { from: 'clawdbot@1', to: 'openclaw@2' },
  });
  expect(compareGenerations(after, manifest(), { from: 'y', to: 'x' })?.services).toEqual(['gateway', 'demo-model']);
});
