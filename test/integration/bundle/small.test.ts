import { cp, mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBundle } from '../../../src/adapters/runtimes/bundle.ts';
import {
  inspectBundle,
  readOfflineBundle,
  verifyBundle,
  writeOfflineBundle,
} from '../../../src/adapters/runtimes/bundle-file.ts';
import type { RuntimeBundle } from '../../../src/core/ports/runtime.ts';
import { readTreeEntries } from '../../../src/core/tree-archive.ts';
import { recordedProgress } from '../../support/progress.ts';

const SMALL = {
  name: 'clawdbot',
  version: '0.0.0-test',
  lockDir: new URL('./small-lock', import.meta.url).pathname,
  prune: [/\.d\.ts$/, /^node_modules\/\.package-lock\.json$/],
} as const;

let root = '';
let bundle: RuntimeBundle;
let file = '';
const request = (cache: string, signal = new AbortController().signal) => {
  const progress = recordedProgress();
  return { runtime: SMALL, platform: 'linux-x64' as const, home: { cache }, progress, signal };
};
const folderOf = (built: RuntimeBundle) => join(built.app.archive, '..');

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'chp-bundle-'));
  bundle = await buildBundle(request(join(root, 'cache')));
  file = join(root, 'offline/clawdbot.chpb');
  await writeOfflineBundle(bundle, file);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a bundle', () => {
  test('holds the packages without what is pruned, and nothing npm wrote for itself', async () => {
    const paths = (await readTreeEntries(bundle.app.archive)).map((entry) => entry.path);
    expect(paths).toContain('node_modules/strip-ansi/index.js');
    expect(paths.filter((path) => /\.d\.ts$|\.package-lock/.test(path))).toEqual([]);
    expect((await readTreeEntries(bundle.node.archive)).map((entry) => entry.path)).toEqual(['LICENSE', 'bin/node']);
  });

  test('comes from the cache the second time, in a few milliseconds', async () => {
    const again = request(join(root, 'cache'));
    const begun = performance.now();
    expect(await buildBundle(again)).toEqual(bundle);
    expect(performance.now() - begun).toBeLessThan(100);
    expect(again.progress.lines).toEqual([]);
  });

  test('is the same when built from nothing elsewhere, by two at once, only one of which builds', async () => {
    const requests = [request(join(root, 'twice')), request(join(root, 'twice'))];
    const built = await Promise.all(requests.map(buildBundle));
    expect(built[0]?.digest).toBe(bundle.digest);
    expect(built[0]).toEqual(built[1]);
    expect(await readFile(built[0]?.app.archive ?? '')).toEqual(await readFile(bundle.app.archive));
    expect(
      requests.flatMap((each) => each.progress.lines).filter((line) => line.startsWith('step Install')),
    ).toHaveLength(1);
    expect((await readdir(join(root, 'twice/bundles'))).filter((name) => name.includes('work'))).toEqual([]);
  });

  test('may be moved with its cache', async () => {
    await cp(join(root, 'cache'), join(root, 'moved'), { recursive: true });
    const moved = await buildBundle(request(join(root, 'moved')));
    expect(moved).toMatchObject({
      digest: bundle.digest,
      app: { archive: expect.stringContaining(join(root, 'moved')) },
    });
  });

  test.each(['one byte', 'cut', 'gone', 'record'])(
    'is built again when the cached one is damaged: %s',
    async (damage) => {
      const cache = join(root, `damaged-${damage}`);
      await cp(join(root, 'cache'), cache, { recursive: true });
      const before = await buildBundle(request(cache));
      await spoil(before, damage);
      const again = request(cache);
      expect(await buildBundle(again)).toEqual(before);
      expect(again.progress.lines).toContain('warn the cached bundle is damaged; building it again');
      await rm(cache, { recursive: true });
    },
  );

  test('that was stopped says so and leaves nothing half done', async () => {
    const stop = AbortSignal.timeout(150);
    await expect(buildBundle(request(join(root, 'stopped'), stop))).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect((await readdir(join(root, 'stopped/bundles'))).filter((name) => !name.includes('.lock'))).toEqual([]);
  });

  test('whose lock file does not fit its package.json is not built', async () => {
    const lockDir = join(root, 'unfit');
    await cp(SMALL.lockDir, lockDir, { recursive: true });
    await writeFile(
      join(lockDir, 'package.json'),
      '{"name":"x","version":"1.0.0","dependencies":{"strip-ansi":"6.0.0"}}',
    );
    const failing = buildBundle({ ...request(join(root, 'cache')), runtime: { ...SMALL, lockDir } });
    await expect(failing).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      why: expect.stringContaining('strip-ansi'),
    });
  });

  test('with a package that is not the one locked is not built', async () => {
    const lockDir = join(root, 'tampered');
    await cp(SMALL.lockDir, lockDir, { recursive: true });
    const lock = await readFile(join(lockDir, 'package-lock.json'), 'utf8');
    await writeFile(join(lockDir, 'package-lock.json'), lock.replace(/sha512-..../g, 'sha512-AAAA'));
    const failing = buildBundle({ ...request(join(root, 'cache')), runtime: { ...SMALL, lockDir } });
    await expect(failing).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      why: expect.stringContaining('EINTEGRITY'),
    });
  });
});

async function spoil(built: RuntimeBundle, damage: string): Promise<void> {
  const { archive } = built.app;
  if (damage === 'gone') await rm(archive);
  if (damage === 'record') await writeFile(join(folderOf(built), 'bundle.json'), '{}');
  if (damage === 'cut') await writeFile(archive, (await readFile(archive)).subarray(0, -10));
  if (damage === 'one byte') {
    const { atime, mtime } = await stat(archive);
    await turnByte(archive, 500);
    // Even when somebody puts the time back.
    await utimes(archive, atime, mtime);
  }
}

async function turnByte(path: string, at: number): Promise<void> {
  await using handle = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8(0) ^ 0x10);
  await handle.write(byte, 0, 1, at);
}

describe('the one-file form', () => {
  test('says what it is, verifies, and is the same each time', async () => {
    expect(await inspectBundle(file)).toMatchObject({
      digest: bundle.digest,
      platform: 'linux-x64',
      runtime: bundle.runtime,
    });
    expect((await verifyBundle(file)).digest).toBe(bundle.digest);
    await writeOfflineBundle(bundle, join(root, 'again'));
    expect(await readFile(join(root, 'again'))).toEqual(await readFile(file));
    expect(await readdir(join(root, 'offline'))).toEqual(['clawdbot.chpb']);
  });

  test('taken in elsewhere, is found by a build that then needs no network', async () => {
    const cache = join(root, 'elsewhere');
    const taken = await readOfflineBundle(file, { cache });
    const asked = request(cache);
    expect(await buildBundle(asked)).toEqual(taken);
    expect(asked.progress.lines).toEqual([]);
    expect(taken.digest).toBe(bundle.digest);
    expect(await readOfflineBundle(file, { cache })).toEqual(taken);
  });

  test('is refused when it is cut, edited, reordered or something else', async () => {
    const good = await readFile(file);
    const bad = join(root, 'bad');
    const from = { record: 600, node: 200_000, app: good.length - 3_000 };
    const cases: [string, Buffer][] = [
      ['empty', Buffer.alloc(0)],
      ['text', Buffer.from('not a bundle'.repeat(100))],
      ['cut in the record', good.subarray(0, 700)],
      ['cut in node', good.subarray(0, 100_000)],
      ['cut at the end', good.subarray(0, -600)],
      ['more behind it', Buffer.concat([good, Buffer.alloc(512, 1)])],
      ...Object.entries(from).map(([name, at]): [string, Buffer] => {
        const edited = Buffer.from(good);
        edited.writeUInt8(edited.readUInt8(at) ^ 1, at);
        return [`one bit in ${name}`, edited];
      }),
    ];
    for (const [name, bytes] of cases) {
      await writeFile(bad, bytes);
      await expect(verifyBundle(bad), name).rejects.toMatchObject({ code: 'INTEGRITY' });
      await expect(readOfflineBundle(bad, { cache: join(root, 'bad-cache') }), name).rejects.toMatchObject({
        code: 'INTEGRITY',
      });
    }
    const left = await readdir(join(root, 'bad-cache/bundles')).catch(() => []);
    expect(left.filter((name) => !name.includes('.lock'))).toEqual([]);
    await expect(verifyBundle(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is not written from a damaged cache', async () => {
    const cache = join(root, 'rotten');
    await cp(join(root, 'cache'), cache, { recursive: true });
    const rotten = await buildBundle(request(cache));
    await turnByte(rotten.app.archive, 400);
    await expect(writeOfflineBundle(rotten, join(root, 'rotten.chpb'))).rejects.toMatchObject({ code: 'INTEGRITY' });
    await expect(writeOfflineBundle(bundle, '/dev/null/x')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await readdir(root)).filter((name) => name.startsWith('rotten.chpb'))).toEqual([]);
  });
});
