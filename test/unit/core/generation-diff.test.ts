import { expect, test } from 'vitest';
import type { GenerationManifest } from '../../../src/core/generation.ts';
import { diffGenerations } from '../../../src/core/generation-diff.ts';

const file = (path: string, sha256: string) => ({ path, mode: 0o644 as const, sha256, size: 1 });
const service = (name: string, memoryMaxMb: number) => ({
  ...{ name, argv: [], env: {}, credentials: [], memoryMaxMb, tasksMax: 1, stopTimeoutS: 1 },
});
const manifest = (more: Partial<GenerationManifest>, checks: Partial<GenerationManifest['checks']> = {}) =>
  ({
    ...{ schema: 1, tenant: 'smith', platform: 'linux-x64', ownership: { family: [], agent: [] } },
    runtime: { name: 'clawdbot', version: '1', node: 'n', app: 'a' },
    files: [],
    services: [],
    checks: {
      gateway: { port: 1, tokenSecret: 'T', version: '1' },
      turn: { required: true, prompt: '', timeoutS: 1 },
      ...{ skills: [], channels: [], ...checks },
    },
    ...more,
  }) as GenerationManifest;
const digests = { from: 'x', to: 'y' };

test('by what an operator calls it: versions are shown, values never', () => {
  const pack = (version: string) => ({ packs: [{ id: 'brief', version, digest: version }] });
  const before = manifest(
    {
      files: [
        file('config/gateway.json', '1'),
        file('skills/garden/SKILL.md', '1'),
        file('skills/garden/more.md', '1'),
        file('secrets/OLD.age', '1'),
        file('secrets/KEY.age', '1'),
        file('packs/brief.tgz', '1'),
      ],
      services: [service('gateway', 1)],
    },
    { worker: pack('1.0.0'), channels: [{ id: 'telegram', muted: true }] },
  );
  const after = manifest(
    {
      runtime: { name: 'openclaw', version: '2', node: 'n', app: 'b' },
      files: [
        file('config/gateway.json', '2'),
        file('skills/garden/SKILL.md', '1'),
        file('secrets/KEY.age', '2'),
        file('packs/brief.tgz', '2'),
        file('worker/worker.json', '1'),
      ],
      services: [service('gateway', 2), service('worker', 1)],
    },
    { worker: pack('1.1.0'), channels: [{ id: 'telegram', muted: false }] },
  );
  expect(diffGenerations(before, after, digests)).toEqual({
    ...digests,
    runtime: { from: 'clawdbot@1', to: 'openclaw@2' },
    skills: [{ name: 'garden', change: 'change' }],
    packs: [{ name: 'brief', change: 'change', from: '1.0.0', to: '1.1.0' }],
    services: [
      { name: 'gateway', change: 'change' },
      { name: 'worker', change: 'add' },
    ],
    channels: [{ name: 'telegram', change: 'change', from: 'muted', to: 'on' }],
    secrets: [
      { name: 'KEY', change: 'change' },
      { name: 'OLD', change: 'remove' },
    ],
    files: [{ name: 'worker/worker.json', change: 'add' }],
  });
});

test('the same is nothing', () => {
  const same = manifest({ files: [file('skills/garden/SKILL.md', '1')], services: [service('gateway', 1)] });
  const { from: _, to: __, ...rest } = diffGenerations(same, same, digests);
  expect(Object.values(rest).flat().filter(Boolean)).toEqual([]);
});
