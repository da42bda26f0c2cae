import { describe, expect, test } from 'vitest';
import { clawdbot } from '../../../src/adapters/runtimes/clawdbot/adapter.ts';
import { digestOf, sha256 } from '../../../src/core/digest.ts';
import type { SecretRecord, SkillRecord } from '../../../src/core/ports/registry.ts';
import type { RuntimeBundle, TreeRef } from '../../../src/core/ports/runtime.ts';
import { withDefaults } from '../../../src/core/tenant/defaults.ts';
import type { TenantDocument } from '../../../src/core/tenant/schema.ts';
import { buildGeneration, type GenerationParts } from '../../../src/operations/build-generation.ts';

const tree = (digest: string): TreeRef => ({ digest, archive: '/nowhere', archiveSize: 1, size: 1, files: 1 });
const BUNDLE: RuntimeBundle = {
  platform: 'linux-x64',
  runtime: { name: 'clawdbot', version: '2026.1.24-3' },
  node: { ...tree('n'.repeat(64)), version: '24.21.0' },
  app: tree('a'.repeat(64)),
  digest: 'd'.repeat(64),
};
const secret = (name: string, ciphertext = `age ${name}`): SecretRecord => ({
  tenant: 'smith',
  name,
  ciphertext,
  recipient: 'age1x',
  updatedAt: '2026-01-01T00:00:00Z',
  rotatedFrom: null,
});
const skill = (name: string, files: object[]): SkillRecord => ({
  tenant: 'smith',
  name,
  source: './x',
  digest: 'x',
  files: JSON.stringify(files),
  updatedAt: '2026-01-01T00:00:00Z',
});
const garden = skill('garden', [
  { path: 'run.sh', mode: 0o755, base64: Buffer.from('#!').toString('base64') },
  { path: 'SKILL.md', mode: 0o644, base64: Buffer.from('how').toString('base64') },
]);

const parts = (document: Partial<TenantDocument> = {}, more: Partial<GenerationParts> = {}): GenerationParts => ({
  tenant: withDefaults({
    schema: 1,
    name: 'smith',
    topology: 'hub',
    host: 'local',
    model: { provider: 'anthropic' },
    channels: { telegram: { secret: 'TG', muted: false }, discord: {} },
    ...document,
  }),
  root: '/var/lib/chp',
  runtime: clawdbot,
  bundle: BUNDLE,
  secrets: [secret('TG'), secret('CHP_GATEWAY_TOKEN'), secret('ANTHROPIC_API_KEY'), secret('NOT_USED')],
  skills: [garden],
  automation: null,
  demoModel: null,
  ...more,
});

describe('a generation', () => {
  const { manifest, objects } = buildGeneration(parts());

  test('holds config, skills and the secrets that are used, in the order of their paths', () => {
    expect(manifest.files.map(({ path, mode }) => [path, mode])).toEqual([
      ['config/gateway.json', 0o644],
      ['secrets/ANTHROPIC_API_KEY.age', 0o600],
      ['secrets/CHP_GATEWAY_TOKEN.age', 0o600],
      ['secrets/TG.age', 0o600],
      ['skills/garden/SKILL.md', 0o644],
      ['skills/garden/run.sh', 0o755],
    ]);
  });

  test('has the bytes of every file under their digest', () => {
    for (const { path, sha256: digest, size } of manifest.files) {
      const bytes = objects.get(digest);
      expect(bytes && sha256(bytes), path).toBe(digest);
      expect(bytes?.byteLength, path).toBe(size);
    }
    expect(objects.size).toBe(new Set(manifest.files.map((file) => file.sha256)).size);
  });

  test('says what runs, and what is checked', () => {
    expect(manifest).toMatchObject({
      schema: 1,
      tenant: 'smith',
      platform: 'linux-x64',
      runtime: { name: 'clawdbot', node: 'n'.repeat(64), app: 'a'.repeat(64) },
      checks: {
        gateway: { port: 18789, tokenSecret: 'CHP_GATEWAY_TOKEN', version: '2026.1.24-3' },
        skills: ['garden'],
        channels: [
          { id: 'telegram', muted: false },
          { id: 'discord', muted: true },
        ],
      },
    });
    expect(manifest.services.map(({ name }) => name)).toEqual(['gateway']);
    expect(manifest).not.toHaveProperty('trees');
  });
});

describe('its digest', () => {
  const digest = (...args: Parameters<typeof parts>): string => digestOf(buildGeneration(parts(...args)).manifest);
  const usual = digest();

  test('is the same for the same parts, whenever and in whatever order they come', () => {
    const later = parts().secrets.map((known) => ({ ...known, updatedAt: '2027-01-01T00:00:00Z' }));
    expect(digest({}, { secrets: later.reverse() })).toBe(usual);
    expect(digest({}, { skills: [{ ...garden, source: '/elsewhere', updatedAt: '' }] })).toBe(usual);
    expect(digest({}, { secrets: [...parts().secrets, secret('ALSO_NOT_USED')] })).toBe(usual);
  });

  test('members are not part of what runs', () => {
    expect(digest({ members: [{ id: 'ana', name: 'Ana', role: 'Adult' }] })).toBe(usual);
  });

  test.each<[string, Parameters<typeof parts>]>([
    ['config', [{ config: { messages: { ackReactionScope: 'all' } } }]],
    ['port', [{ gateway: { port: 20_000 } }]],
    ['time zone', [{ timezone: 'Europe/Berlin' }]],
    ['ownership', [{ ownership: { family: ['messages.**'] } }]],
    ['a secret', [{}, { secrets: [secret('TG', 'rotated')] }]],
    ['a mode', [{}, { skills: [{ ...garden, files: garden.files.replace('493', '420') }] }]],
    ['the place on the host', [{}, { root: '/home/ops/.chp/hub' }]],
    ['the runtime', [{}, { bundle: { ...BUNDLE, app: tree('b'.repeat(64)) } }]],
    ['the demo model', [{}, { demoModel: Buffer.from('x') }]],
  ])('changes with %s', (_, args) => expect(digest(...args)).not.toBe(usual));
});
