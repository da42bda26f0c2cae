import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pacote from 'pacote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Gate } from '../../../src/adapters/catalogue/gate.ts';
import { noMemory } from '../../../src/adapters/catalogue/memory.ts';
import { npmCatalogue } from '../../../src/adapters/catalogue/npm.ts';
import { NpmPublisher } from '../../../src/adapters/catalogue/npm-publisher.ts';
import type { Packument } from '../../../src/core/ports/catalogue.ts';
import { withDeprecation, withSignature, withTag, withYank } from '../../../src/packs/packument.ts';
import { publicationOf, SCOPE, take } from '../../support/catalogue.ts';
import { testKey } from '../../support/packs.ts';
import { startVerdaccio, type TestRegistry } from '../../support/verdaccio.ts';

/** A real Verdaccio, written by chp, read by chp, npm and pacote. */
const key = testKey();
const run = promisify(execFile);
let registry: TestRegistry;
let publisher: NpmPublisher;
beforeAll(async () => {
  registry = await startVerdaccio();
  publisher = new NpmPublisher(npmCatalogue(registry.url, registry.env), registry.env);
});
afterAll(() => registry.stop());

const NAME = `${SCOPE}/hello`;
const gate = (memory = noMemory(), keys = [key.trusted]): Gate =>
  new Gate(npmCatalogue(registry.url, registry.env), SCOPE, { keys, memory, now: () => new Date() });
const npm = (...args: string[]) => run('npm', [...args, '--registry', registry.url], { env: registry.env });
const change = (id: string, work: (packument: Packument) => Packument) =>
  publisher.change(new Map([[`${SCOPE}/${id}`, (one: Packument | null) => work(one as Packument)]]));

test('what is published comes through the gate, and is a package for npm and pacote', async () => {
  await publisher.publish([
    publicationOf('hello', '1.0.0', key),
    publicationOf('hello', '1.1.0-rc.1', key, 'Hi', 'beta'),
  ]);
  expect(await take(gate(), 'hello')).toBe(`${NAME}@1.0.0`);
  expect(await take(gate(), 'hello', 'beta')).toBe(`${NAME}@1.1.0-rc.1`);
  const { stdout } = await npm('view', NAME, 'version', 'dist-tags', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ version: '1.0.0', 'dist-tags': { latest: '1.0.0', beta: '1.1.0-rc.1' } });
  const { name, version } = await pacote.manifest(`${NAME}@1.0.0`, { registry: registry.url });
  expect(`${name}@${version}`).toBe(`${NAME}@1.0.0`);
});

test('the same bytes again are nothing new, other bytes are refused', async () => {
  await publisher.publish([publicationOf('hello', '1.0.0', key)]);
  await expect(publisher.publish([publicationOf('hello', '1.0.0', key, 'other')])).rejects.toMatchObject({
    code: 'CONFLICT',
  });
});

test('of two at the same moment one at most wins; where the registry mixes them, the gate lets nothing through', async () => {
  const both = await Promise.allSettled(
    ['one', 'two'].map((says) => publisher.publish([publicationOf('race', '1.0.0', key, says)])),
  );
  expect(both.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2);
  for (const one of both)
    if (one.status === 'rejected') expect(one.reason, one.reason.why).toMatchObject({ code: 'CONFLICT' });
  // Verdaccio may keep the packument of one and the tarball of the other.
  const taken = await take(gate(), 'race').catch((error) => error.code);
  expect([`${SCOPE}/race@1.0.0`, 'INTEGRITY', 'NOT_FOUND']).toContain(taken);
});

test('channels, deprecations and yanks can be said and taken back, also for npm', async () => {
  await publisher.publish(['1.0.0', '1.1.0'].map((version) => publicationOf('life', version, key)));
  await change('life', (one) => withTag(one, 'beta', '1.0.0', new Date()));
  expect(await take(gate(), 'life', 'beta')).toBe(`${SCOPE}/life@1.0.0`);
  await change('life', (one) => withDeprecation(one, '1.0.0', 'use 1.1', new Date()));
  expect((await gate().resolve('life', '1.0.0')).warnings).toEqual([`${SCOPE}/life@1.0.0 is deprecated: use 1.1`]);
  await change('life', (one) => withYank(one, '1.1.0', 'harmful', new Date()));
  expect(await take(gate(), 'life')).toBe(`${SCOPE}/life@1.0.0`);
  await expect(gate().resolve('life', '1.1.0')).rejects.toMatchObject({ code: 'CONFLICT' });
  const { stdout } = await npm('view', `${SCOPE}/life@1.1.0`, 'deprecated');
  expect(stdout.trim()).toBe('yanked: harmful');
  await change('life', (one) => withYank(withDeprecation(one, '1.0.0', null, new Date()), '1.1.0', null, new Date()));
  expect((await gate().resolve('life', '1.0.0')).warnings).toEqual([]);
  expect(await take(gate(), 'life', '^1.1')).toBe(`${SCOPE}/life@1.1.0`);
  const { signature } = await gate().fetch((await gate().resolve('life', '1.0.0')).version);
  await expect(
    change('life', (one) => withSignature(one, '1.0.0', { ...signature, keyid: 'SHA256:x' }, new Date())),
  ).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('search tells of what there is in the scope', async () => {
  expect((await gate().search('', 50)).map(({ name }) => name)).toEqual(
    expect.arrayContaining([NAME, `${SCOPE}/life`]),
  );
  expect((await gate().search('life', 50)).map(({ name }) => name)).toEqual([`${SCOPE}/life`]);
});

test('what is absent, and whom nobody knows', async () => {
  expect(await gate().packument('absent')).toBeNull();
  await expect(change('absent', (one) => one)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(take(gate(noMemory(), [testKey().trusted]), 'hello')).rejects.toMatchObject({ code: 'UNTRUSTED' });
});

test('without a login nothing is published, and it says how to log in', async () => {
  const env = { ...registry.env, NPM_CONFIG_USERCONFIG: '/nowhere' };
  const stranger = new NpmPublisher(npmCatalogue(registry.url, env), env);
  await expect(stranger.publish([publicationOf('mine', '1.0.0', key)])).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    next: [`npm login --registry ${registry.url}`],
  });
});

describe('what was seen of a registry before', () => {
  test('a version that is gone, or has other bytes, is an older or a false state', async () => {
    const memory = noMemory();
    await take(gate(memory), 'hello');
    expect(Object.keys(memory.read().versions[NAME] ?? {})).toEqual(['1.0.0', '1.1.0-rc.1']);
    memory.remember({ versions: { [NAME]: { '1.0.1': 'sha512-x' } } });
    await expect(gate(memory).packument('hello')).rejects.toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('1.0.1 was there'),
    });
    const other = noMemory();
    other.remember({ versions: { [NAME]: { '1.0.0': 'sha512-x' } } });
    await expect(gate(other).packument('hello')).rejects.toMatchObject({
      why: expect.stringContaining('1.0.0 was changed'),
    });
  });
});

test('a package that npm itself published is none of ours', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chp-npm-'));
  try {
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: `${SCOPE}/plain`, version: '1.0.0' }));
    await run('npm', ['publish', '--registry', registry.url], { cwd: dir, env: registry.env });
    await expect(take(gate(), 'plain')).rejects.toMatchObject({ code: 'UNTRUSTED', why: 'It has no signature.' });
  } finally {
    rmSync(dir, { recursive: true });
  }
  expect(readFileSync(registry.env.NPM_CONFIG_USERCONFIG ?? '', 'utf8')).toContain(registry.token);
});
