import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package-root.ts';
import { Chp } from '../../support/chp.ts';
import { writePack } from '../../support/pack-folder.ts';
import { startVerdaccio, type TestRegistry } from '../../support/verdaccio.ts';

/** The commands as an author and an operator use them: each prints with --json what schemas/output promises. */
const root = mkdtempSync(join(tmpdir(), 'chp commands '));
writePack(join(root, 'shipped'), 'chores', '1.0.0');
const env = { CHP_WORKFLOW_PACKS: join(root, 'shipped') };
const [author, reader] = [new Chp(env), new Chp(env)];
const packs = join(root, 'packs');
const dir = writePack(root, 'hello', '1.0.0');
afterAll(() => {
  for (const chp of [author, reader]) chp.cleanUp();
  rmSync(root, { recursive: true, force: true });
});

describe('an author', () => {
  let keyid: string;

  test('makes a catalogue, publishes, and finds the pack again', async () => {
    expect((await author.json(['catalogue', 'list'])).map(({ name }: { name: string }) => name)).toEqual(['builtin']);
    const made = await author.json(['catalogue', 'init', packs]);
    keyid = made.keys[0].keyid;
    expect(await author.json(['pack', 'publish', dir, '--dry-run'])).toMatchObject({ outcome: 'dry-run' });
    expect(await author.json(['pack', 'publish', dir])).toMatchObject({
      outcome: 'published',
      name: '@clawd-packs/hello',
    });
    expect((await author.json(['pack', 'search', 'says', 'hello'])).map(({ id }: { id: string }) => id)).toEqual([
      'chores',
      'hello',
    ]);
    expect(await author.json(['pack', 'info', 'hello'])).toMatchObject({ catalogue: 'home', keyid });
    expect(await author.json(['catalogue', 'verify', 'home'])).toMatchObject({ packs: 1, versions: 1, faults: [] });
    expect(await author.json(['catalogue', 'renew'])).toMatchObject({ catalogue: 'home', sequence: 3 });
  });

  test('says it in words, too', async () => {
    const said = async (...args: string[]) => (await author.run(args)).stdout;
    expect(await said('pack', 'publish', dir)).toContain('is in home already, as stable; nothing was changed');
    expect(await said('pack', 'info', 'hello')).toMatch(
      /Risk: low\nNeeds: nothing\nChannels: stable 1\.0\.0\nVersions:\n {2}1\.0\.0/,
    );
    expect(await said('catalogue', 'keys', 'list', 'home')).toContain(keyid);
    expect(await said('catalogue', 'list')).toMatch(/home +static +@clawd-packs +1 +yes/);
  });

  test('deprecates and yanks', async () => {
    expect(await author.json(['pack', 'deprecate', 'hello@1.0.0', 'use another'])).toMatchObject({
      reason: 'use another',
    });
    expect(await author.json(['pack', 'deprecate', 'hello@1.0.0', '--undo'])).toMatchObject({
      reason: null,
      changed: true,
    });
    expect(await author.json(['pack', 'yank', 'hello@1.0.0', 'harmful'])).toMatchObject({ channels: {} });
    expect(await author.json(['pack', 'info', 'hello'], { code: 3 })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await author.json(['pack', 'info', 'hello@1.0.0', '--allow-yanked'])).toMatchObject({ version: '1.0.0' });
    expect(await author.json(['pack', 'yank', 'hello@1.0.0', '--undo'])).toMatchObject({
      channels: { latest: '1.0.0' },
    });
  });

  test('serves it; a reader uses it from there, and mirrors it', async () => {
    const bin = packagePath('bin/run.js');
    const server = spawn(process.execPath, [bin, 'catalogue', 'serve', 'home', '--port', '0'], {
      env: author.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      const url = /http:\S+/.exec(String(line))?.[0] ?? '';
      expect(await reader.json(['catalogue', 'add', url, '--name', 'shared', '--key', keyid])).toMatchObject({
        kind: 'static',
        location: url,
      });
      expect(await reader.json(['pack', 'info', 'hello'])).toMatchObject({ catalogue: 'shared' });
      await reader.json(['catalogue', 'init', join(root, 'copy'), '--name', 'copy']);
      expect(await reader.json(['catalogue', 'mirror', 'shared', 'copy'])).toMatchObject({
        copied: 1,
        keyids: [keyid],
      });
      expect(await reader.json(['pack', 'publish', dir, '--catalogue', 'shared'], { code: 3 })).toMatchObject({
        code: 'NOT_FOUND',
      });
      const ended = once(server, 'close');
      server.kill('SIGINT');
      expect((await ended)[0]).toBe(0);
    } finally {
      server.kill('SIGKILL');
    }
    expect(await reader.json(['catalogue', 'remove', 'shared'])).toMatchObject({ name: 'shared' });
    expect(await reader.json(['pack', 'info', 'hello'])).toMatchObject({ catalogue: 'copy' });
  });

  test('rotates, pins and revokes keys', async () => {
    const { key, resigned } = await author.json(['catalogue', 'keys', 'rotate', 'home']);
    expect(resigned).toBe(1);
    await reader.json(['catalogue', 'add', packs, '--name', 'direct', '--key', keyid]);
    expect(await reader.json(['catalogue', 'keys', 'list', 'direct'])).toMatchObject([
      { keyid },
      { keyid: key.keyid, state: 'offered' },
    ]);
    expect(await reader.json(['catalogue', 'keys', 'pin', 'direct', key.keyid])).toMatchObject({ state: 'trusted' });
    const revoke = ['catalogue', 'keys', 'revoke', 'home', keyid, '--reason', 'rotated'];
    expect(await author.json(revoke, { code: 2 })).toMatchObject({ code: 'BAD_INPUT' });
    expect(await author.json([...revoke, '--yes'])).toMatchObject({ published: true });
    expect(await reader.json(['pack', 'info', 'direct/hello'])).toMatchObject({ keyid: key.keyid });
    expect(await reader.json(['catalogue', 'keys', 'add', 'direct', '--expires', '2099-01-01'])).toMatchObject({
      signing: true,
    });
  });

  test('faults end with 11, each named', async () => {
    writeFileSync(join(packs, '-/tarballs/@clawd-packs/hello-1.0.0.tgz'), 'x');
    const verdict = await author.json(['catalogue', 'verify', 'home'], { code: 11 });
    expect(verdict.faults).toMatchObject([{ what: '@clawd-packs/hello@1.0.0', code: 'INTEGRITY' }]);
    expect(await author.json(['pack', 'info', 'hello'], { code: 11 })).toMatchObject({ code: 'INTEGRITY' });
  });
});

describe('on a live registry', () => {
  let registry: TestRegistry;
  let company: Chp;
  beforeAll(async () => {
    registry = await startVerdaccio();
    company = new Chp({ ...env, NPM_CONFIG_USERCONFIG: registry.env.NPM_CONFIG_USERCONFIG });
  });
  afterAll(async () => {
    company.cleanUp();
    await registry.stop();
  });

  test('the same commands', async () => {
    const { kind, keys } = await company.json([
      'catalogue',
      'init',
      registry.url,
      '--name',
      'company',
      '--scope',
      '@company',
    ]);
    expect(kind).toBe('live');
    expect(await company.json(['pack', 'publish', dir])).toMatchObject({
      outcome: 'published',
      name: '@company/hello',
    });
    expect(await company.json(['pack', 'publish', dir])).toMatchObject({ outcome: 'unchanged' });
    writeFileSync(
      join(root, 'company.json'),
      JSON.stringify(await company.run(['catalogue', 'keys', 'list', 'company', '--json']).then(({ json }) => json)),
    );
    await reader.json([
      'catalogue',
      'add',
      registry.url,
      '--name',
      'company',
      '--scope',
      '@company',
      '--key',
      join(root, 'company.json'),
    ]);
    expect(await reader.json(['pack', 'info', 'company/hello'])).toMatchObject({ keyid: keys[0].keyid });
    expect(await company.json(['catalogue', 'verify', 'company'])).toMatchObject({
      versions: 1,
      sequence: null,
      faults: [],
    });
    expect(await company.json(['catalogue', 'renew', 'company'], { code: 2 })).toMatchObject({ code: 'BAD_INPUT' });
  });
});
