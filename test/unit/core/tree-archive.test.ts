import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canonicalJson, sha256 } from '../../../src/core/digest.ts';
import { TAR_END, type TarMember, tarHeader, tarPadding } from '../../../src/core/tar.ts';
import { TREE_MANIFEST, type TreeEntry, treeDigest } from '../../../src/core/tree.ts';
import {
  extractTreeArchive,
  readTreeEntries,
  scanTree,
  verifyTreeArchive,
  writeTreeArchive,
} from '../../../src/core/tree-archive.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chp-tree-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const LONG = `${'deep/'.repeat(40)}${'n'.repeat(120)}-ünï.txt`;

async function sample(name: string): Promise<string> {
  const root = join(dir, name);
  await mkdir(join(root, LONG, '..'), { recursive: true });
  await mkdir(join(root, 'bin'));
  await mkdir(join(root, 'empty-folder'));
  await writeFile(join(root, 'bin/tool'), '#!/bin/sh\n', { mode: 0o700 });
  await writeFile(join(root, '@scope'), 'a name that tar programs take for a file list');
  await writeFile(join(root, 'nothing'), '');
  await writeFile(join(root, LONG), 'long');
  await writeFile(join(root, 'big'), Buffer.alloc(3_000_001, 'chp'));
  await symlink('../bin/tool', join(root, 'deep/link'));
  return root;
}

const archiveOf = (path: string) => createReadStream(path);

/** An archive as an attacker would write it: any list, any members. */
function forged(entries: unknown, members: (TarMember & { bytes?: Buffer })[], tail = TAR_END): Readable {
  const list = Buffer.from(canonicalJson(entries));
  const all = [
    { path: TREE_MANIFEST, type: 'file' as const, mode: 0o644, size: list.byteLength, target: '', bytes: list },
    ...members,
  ];
  const parts = all.flatMap((member) => [tarHeader(member), member.bytes ?? Buffer.alloc(0), tarPadding(member.size)]);
  return Readable.from([zstdCompressSync(Buffer.concat([...parts, tail]))]);
}
const file = (path: string, text = 'x'): TreeEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  size: text.length,
  sha256: sha256(text),
});
const member = (path: string, text = 'x') => ({
  path,
  type: 'file' as const,
  mode: 0o644,
  size: text.length,
  target: '',
  bytes: Buffer.from(text),
});
const link = (path: string, target: string) => ({ path, type: 'link' as const, mode: 0o777, size: 0, target });
const linkEntry = (path: string, target: string): TreeEntry => ({ path, type: 'link', target });

describe('a tree', () => {
  test('has the same digest and archive wherever and whenever it was made', async () => {
    const [one, two] = [await sample('one'), await sample('two')];
    await chmod(join(two, 'nothing'), 0o600);
    const trees = [await scanTree(one), await scanTree(two)] as const;
    await writeTreeArchive(one, trees[0], join(dir, 'one.tar.zst'));
    await writeTreeArchive(two, trees[1], join(dir, 'two.tar.zst'));
    expect(trees[0]).toEqual(trees[1]);
    expect(await readFile(join(dir, 'one.tar.zst'))).toEqual(await readFile(join(dir, 'two.tar.zst')));
    expect(await readTreeEntries(join(dir, 'one.tar.zst'))).toEqual(trees[0].entries);
  });

  test('comes out as it went in, readable for all under any umask', async () => {
    const from = await sample('from');
    const tree = await scanTree(from);
    await writeTreeArchive(from, tree, join(dir, 'a'));
    const umask = process.umask(0o077);
    try {
      await extractTreeArchive(archiveOf(join(dir, 'a')), join(dir, 'sub/to'), tree.digest);
    } finally {
      process.umask(umask);
    }
    expect(await scanTree(join(dir, 'sub/to'))).toEqual(tree);
    const mode = async (path: string) => ((await lstat(join(dir, 'sub/to', path))).mode & 0o777).toString(8);
    expect([await mode('.'), await mode('deep'), await mode('bin/tool'), await mode('big')]).toEqual([
      '755',
      '755',
      '755',
      '644',
    ]);
    expect(await readdir(join(dir, 'sub'))).toEqual(['to']);
  });

  test('leaves out what is not kept, and refuses sockets, pipes and links that lead out', async () => {
    const from = await sample('from');
    expect((await scanTree(from, (path) => path === 'nothing')).entries).toEqual([{ ...file('nothing', '') }]);
    await symlink('../../etc/passwd', join(from, 'out'));
    await expect(scanTree(from)).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  test('a file that changes between reading and packing is noticed, and no archive is left', async () => {
    const from = await sample('from');
    const tree = await scanTree(from);
    await writeFile(join(from, 'nothing'), 'something');
    await expect(writeTreeArchive(from, tree, join(dir, 'a'))).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(await readdir(dir)).toEqual(['from']);
  });

  test('two that unpack the same one at the same time both succeed', async () => {
    const from = await sample('from');
    const tree = await scanTree(from);
    await writeTreeArchive(from, tree, join(dir, 'a'));
    await mkdir(join(dir, 'to'));
    await writeFile(join(dir, 'to/already'), 'there');
    await mkdir(join(dir, 'to.999999999.new'));
    await extractTreeArchive(archiveOf(join(dir, 'a')), join(dir, 'to'), tree.digest);
    expect((await readdir(dir)).sort()).toEqual(['a', 'from', 'to']);
  });
});

describe('a damaged archive is refused, and leaves nothing behind:', () => {
  async function packed(): Promise<{ bytes: Buffer; digest: string }> {
    const from = await sample('from');
    const tree = await scanTree(from);
    await writeTreeArchive(from, tree, join(dir, 'a'));
    await rm(from, { recursive: true });
    return { bytes: await readFile(join(dir, 'a')), digest: tree.digest };
  }
  async function refused(source: Readable, digest: string): Promise<void> {
    await expect(extractTreeArchive(source, join(dir, 'to'), digest)).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect((await readdir(dir)).filter((name) => name.startsWith('to'))).toEqual([]);
  }

  test('cut anywhere', async () => {
    const { bytes, digest } = await packed();
    // (The last bytes of a zstd frame may be missing without any loss of content.)
    for (const at of [0, 1, 20, 400, Math.floor(bytes.length / 2)])
      await refused(Readable.from([bytes.subarray(0, at)]), digest);
    const raw = zstdDecompressSync(bytes);
    for (const at of [100, 512, 2_000, raw.length - 1024, raw.length - 512])
      await refused(Readable.from([zstdCompressSync(raw.subarray(0, at))]), digest);
  });

  test('one bit turned in the content, a header or the list', async () => {
    const { bytes, digest } = await packed();
    const raw = zstdDecompressSync(bytes);
    for (const at of [5, 150, 700, raw.indexOf('#!/bin/sh'), raw.length - 3_000]) {
      const turned = Buffer.from(raw);
      turned.writeUInt8(turned.readUInt8(at) ^ 1, at);
      await refused(Readable.from([zstdCompressSync(turned)]), digest);
    }
  });

  test('a source that fails', async () => {
    const { bytes, digest } = await packed();
    const source = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 300);
        throw new Error('connection lost');
      })(),
    );
    await refused(source, digest);
  });

  test('bytes behind the end', async () => {
    const entries = [file('a')];
    await refused(forged(entries, [member('a')], Buffer.concat([TAR_END, Buffer.from('more')])), treeDigest(entries));
    await verifyTreeArchive(forged(entries, [member('a')]), treeDigest(entries));
  });

  test.each<[string, unknown[], (TarMember & { bytes?: Buffer })[]]>([
    ['a path that leads out', [file('../a')], [member('../a')]],
    ['an absolute path', [file('/tmp/chp-escape')], [member('/tmp/chp-escape')]],
    ['a path twice', [file('a'), file('a')], [member('a'), member('a')]],
    ['entries out of order', [file('b'), file('a')], [member('b'), member('a')]],
    ['a member that is not listed', [file('a')], [member('a'), member('b')]],
    ['a member that is missing', [file('a'), file('b')], [member('a')]],
    ['a link that leads out', [linkEntry('a', '../x')], [link('a', '../x')]],
    [
      'a chain of links that leads out',
      [linkEntry('d/up', '..'), linkEntry('out', 'd/up/../..')],
      [link('d/up', '..'), link('out', 'd/up/../..')],
    ],
    ['a link where a file should be', [file('a')], [link('a', 'b')]],
    ['another target', [linkEntry('a', 'b')], [link('a', 'c')]],
    ['another size', [file('a', 'xx')], [member('a', 'x')]],
    ['a set-uid mode', [{ ...file('a'), mode: 0o4755 }], [member('a')]],
    ['not a list', [null], []],
  ])('%s', async (_name, entries, members) => {
    await refused(forged(entries, members), treeDigest(entries as TreeEntry[]));
  });

  test('a bomb, and a link in the place of a folder, before anything is written', async () => {
    const bomb: TreeEntry[] = [{ ...(file('a') as TreeEntry & { type: 'file' }), size: 5 * 1024 ** 3 }];
    const below = [linkEntry('a', '.'), file('a/b')];
    await expect(verifyTreeArchive(forged(bomb, []), treeDigest(bomb))).rejects.toThrow('would unpack to');
    await expect(verifyTreeArchive(forged(below, []), treeDigest(below))).rejects.toThrow(
      'a folder and an entry at once',
    );
  });

  test('a list that has another digest', async () => {
    await refused(forged([file('a')], [member('a')]), treeDigest([file('b')]));
  });
});

test('what tar itself makes of it', async () => {
  const from = await sample('from');
  const tree = await scanTree(from);
  await writeTreeArchive(from, tree, join(dir, 'a.tar.zst'));
  await writeFile(join(dir, 'a.tar'), zstdDecompressSync(await readFile(join(dir, 'a.tar.zst'))));
  await mkdir(join(dir, 'to'));
  execFileSync('tar', ['-xf', join(dir, 'a.tar'), '-C', join(dir, 'to')]);
  expect(await scanTree(join(dir, 'to'))).toEqual(tree);
});
