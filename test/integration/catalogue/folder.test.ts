import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noMemory } from '../../../src/adapters/catalogue/memory.ts';
import type { Packument } from '../../../src/core/ports/catalogue.ts';
import { TestCatalogue, take } from '../../support/catalogue.ts';

/** Real processes on one folder: together, and killed. */
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
const VERSIONS = Array.from({ length: 25 }, (_, i) => `1.${i}.0`);
let catalogue: TestCatalogue;
let keyFile: string;
beforeEach(async () => {
  catalogue = new TestCatalogue();
  catalogue.now = new Date();
  await catalogue.publisher().init([catalogue.key.trusted]);
  mkdirSync(join(catalogue.dir, 'key'));
  keyFile = join(catalogue.dir, 'key', 'key.pem');
  writeFileSync(keyFile, catalogue.key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
});
afterEach(() => catalogue.cleanUp());

interface Said {
  version: string;
  won: boolean;
  code?: string;
}

function publisher(id: string, says: string, versions: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [WORKER, catalogue.dir, keyFile, id, says, ...versions], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const ended = once(child, 'close').then(() => ({
    signal: child.signalCode,
    said: out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Said),
  }));
  return { child, ended };
}

/** Everything in it comes through the gate; what npm's tools read is the same. */
async function assertWhole(ids: readonly string[]): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const gate = catalogue.gate({ now: () => new Date() });
  for (const id of ids) {
    const packument = await gate.packument(id);
    for (const version of Object.values(packument?.versions ?? {})) await gate.fetch(version);
    found[id] = Object.keys(packument?.versions ?? {});
    if (packument) {
      const view = JSON.parse(readFileSync(join(catalogue.dir, packument.name), 'utf8')) as Packument;
      expect(Object.keys(view.versions).every((version) => found[id]?.includes(version))).toBe(true);
    }
  }
  return found;
}

test('eight processes that publish the same 25 versions: each version has one winner, and no reader sees half of it', async () => {
  const begin = { CHP_TEST_BEGIN_AT: String(Date.now() + 3000) };
  const running = Array.from({ length: 8 }, (_, i) => publisher('race', `side ${i}`, VERSIONS, begin));
  const all = Promise.all(running.map(({ ended }) => ended));
  let over = false;
  void all.then(() => {
    over = true;
  });
  const memory = noMemory();
  let reads = 0;
  while (!over) {
    const gate = catalogue.gate({ memory, now: () => new Date() });
    const packument = await gate.packument('race');
    const newest = Object.values(packument?.versions ?? {}).at(-1);
    if (newest) await gate.fetch(newest);
    reads++;
  }
  const said = (await all).flatMap((one) => one.said);
  expect(said).toHaveLength(8 * VERSIONS.length);
  expect(
    said
      .filter(({ won }) => won)
      .map(({ version }) => version)
      .sort(),
  ).toEqual([...VERSIONS].sort());
  expect(new Set(said.filter(({ won }) => !won).map(({ code }) => code))).toEqual(new Set(['CONFLICT']));
  expect((await assertWhole(['race'])).race).toHaveLength(VERSIONS.length);
  expect(memory.read().snapshot?.sequence).toBe(1 + VERSIONS.length);
  expect(reads).toBeGreaterThan(10);
});

test('eight processes that publish packs of their own: nothing of anybody is lost', async () => {
  const ids = Array.from({ length: 8 }, (_, i) => `pack-${i}`);
  const begin = { CHP_TEST_BEGIN_AT: String(Date.now() + 3000) };
  const running = ids.map((id) => publisher(id, 'hello', VERSIONS.slice(0, 4), begin));
  const said = (await Promise.all(running.map(({ ended }) => ended))).flatMap((one) => one.said);
  expect(said.every(({ won }) => won)).toBe(true);
  const found = await assertWhole(ids);
  expect(Object.values(found).map((versions) => versions.length)).toEqual(ids.map(() => 4));
});

describe('kill -9', () => {
  test.each([
    ['catalogue:tarball', false],
    ['catalogue:packument', false],
    ['catalogue:prepared', false],
    ['catalogue:committed', true],
  ])('at %s: the catalogue is whole, and the next run finishes', async (step, committed) => {
    await catalogue.publish('hello', '1.0.0');
    const killed = await publisher('hello', 'two', ['1.1.0'], { CHP_FAILPOINT: step }).ended;
    expect(killed.signal).toBe('SIGKILL');
    expect((await assertWhole(['hello'])).hello).toEqual(committed ? ['1.0.0', '1.1.0'] : ['1.0.0']);
    const again = await publisher('hello', 'two', ['1.1.0']).ended;
    expect(again.said).toEqual([{ version: '1.1.0', won: true }]);
    const view = JSON.parse(readFileSync(join(catalogue.dir, '@clawd-packs/hello'), 'utf8')) as Packument;
    expect(Object.keys(view.versions)).toEqual(['1.0.0', '1.1.0']);
    expect(await take(catalogue.gate({ now: () => new Date() }), 'hello')).toBe('@clawd-packs/hello@1.1.0');
  });

  test('at any moment: what was said to be published is there, and everything that is there is whole', async () => {
    const said: string[] = [];
    const numbers = Array.from({ length: 200 }, (_, i) => `2.0.${i}`);
    for (let round = 0; round < 8; round++) {
      const { child, ended } = publisher('hello', 'hi', numbers.slice(said.length));
      await once(child.stdout, 'data');
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 300);
      const { said: lines } = await ended;
      said.push(...lines.map(({ version, won, code }) => (won ? version : `${version}: ${code}`)));
    }
    const found = (await assertWhole(['hello'])).hello ?? [];
    expect(said.filter((version) => !found.includes(version))).toEqual([]);
  });
});
