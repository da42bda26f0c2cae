import { expect, test } from 'vitest';
import { clawdbot } from '../../../../src/adapters/runtimes/clawdbot/adapter.ts';
import { compareRuntimeVersions } from '../../../../src/core/runtime-version.ts';
import { upgradeTarget } from '../../../../src/operations/upgrade/target.ts';

const documentOf = (runtime: string): string =>
  [
    '# Ours.',
    'schema: 1',
    'name: smith',
    'topology: hub',
    'host: local',
    `runtime: ${runtime} # proven`,
    'model: { provider: demo }',
    '',
  ].join('\n');
const target = (runtime: string, request: Parameters<typeof upgradeTarget>[1]) =>
  upgradeTarget({ name: 'smith', document: documentOf(runtime) }, request);
const NEWEST = `clawdbot@${clawdbot.version}`;

test('without a word it is all that is newer, and comments are kept', () => {
  const made = target('clawdbot@2020.1.1', {});
  expect(made).toMatchObject({ packs: true, document: documentOf(NEWEST) });
  expect(made.tenant.runtime).toEqual({ name: 'clawdbot', version: clawdbot.version });
});

test('what was imported and is newer than what comes with chp is not taken back to that', () => {
  expect(target('clawdbot@2099.1.1', {})).toMatchObject({ packs: true, document: documentOf('clawdbot@2099.1.1') });
});

test.each([
  ['2026.1.24', '2026.1.24-3'],
  ['2026.1.24-3', '2026.2.1'],
  ['2026.9.6', '2026.10.1'],
  ['2025.12.31-9', '2026.1.1'],
])('%s is older than %s', (older, newer) => {
  expect(compareRuntimeVersions(older, newer)).toBeLessThan(0);
  expect(compareRuntimeVersions(newer, older)).toBeGreaterThan(0);
  expect(compareRuntimeVersions(newer, newer)).toBe(0);
});

test('packs or services alone leave the runtime as it is', () => {
  expect(target('clawdbot@2020.1.1', { packs: true })).toMatchObject({
    packs: true,
    document: documentOf('clawdbot@2020.1.1'),
  });
  expect(target('clawdbot@2020.1.1', { services: true })).toMatchObject({ packs: false });
});

test('a runtime alone leaves packs as they are', () => {
  expect(target('clawdbot@2020.1.1', { to: 'clawdbot@2021.1.1' })).toMatchObject({
    packs: false,
    document: documentOf('clawdbot@2021.1.1'),
  });
});

test.each([
  ['clawdbot@latest', 'BAD_INPUT'],
  ['clawdbot', 'BAD_INPUT'],
  ['other@1.0.0', 'BAD_INPUT'],
])('--to %s is refused', (to, code) => {
  expect(() => target(NEWEST, { to })).toThrow(expect.objectContaining({ code }));
});

test('a migrated state is not upgraded back: that is what a rollback is for', () => {
  const failure = expect.objectContaining({ code: 'CONFLICT', next: [expect.stringContaining('chp rollback smith')] });
  expect(() => target('openclaw@2026.9.6', { to: NEWEST })).toThrow(failure);
});
