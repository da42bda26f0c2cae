import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { TAR_END } from '../../../src/core/tar.ts';
import { mayHold, PACK_LIMITS, packTarball, readTarball } from '../../../src/packs/tarball.ts';
import { forgedTarball, goodMembers, packManifest, packYaml, text } from '../../support/packs.ts';

const manifest = packManifest('hello', '1.0.0');
const files = [
  text('prompts/brief.md', 'Be brief.'),
  text('pack.yaml', packYaml('hello', '1.0.0')),
  text('fixtures/happy.yaml', 'a: 1'),
  text('README.md', '# Hello'),
];

describe('what is written', () => {
  test('is read back as it was, and in npm’s form for other tools', async () => {
    const tarball = packTarball(manifest, files);
    const read = await readTarball(tarball);
    expect(read.manifest).toEqual(manifest);
    expect([...read.files.keys()].sort()).toEqual([...files.map(({ path }) => path), 'package.json'].sort());
    for (const { path, bytes } of files) expect(read.files.get(path)).toEqual(bytes);

    const dir = mkdtempSync(join(tmpdir(), 'chp-tarball-'));
    try {
      writeFileSync(join(dir, 'pack.tgz'), tarball);
      execFileSync('tar', ['-xzf', 'pack.tgz'], { cwd: dir });
      expect(readFileSync(join(dir, 'package/prompts/brief.md'), 'utf8')).toBe('Be brief.');
      expect(JSON.parse(readFileSync(join(dir, 'package/package.json'), 'utf8'))).toEqual(manifest);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('has the same bytes whatever the order of the files, and nothing of the machine or the hour', () => {
    const tarball = packTarball(manifest, files);
    expect(packTarball(manifest, [...files].reverse())).toEqual(tarball);
    expect([...tarball.subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 0xff]);
  });

  test('takes no package.json of the folder', async () => {
    const evil = text('package.json', '{"scripts":{"install":"evil"}}');
    expect((await readTarball(packTarball(manifest, [...files, evil]))).manifest).toEqual(manifest);
  });

  test.each([
    ['many files', Array.from({ length: PACK_LIMITS.files }, (_, i) => text(`prompts/${i}.md`, 'x')), /201 files/],
    ['large files', [text('README.md', 'x'.repeat(PACK_LIMITS.unpacked))], /bytes/],
    ['files of another kind', [text('run.sh', 'x')], /can't hold "run.sh"/],
  ])('is refused with too %s', (_, more, message) => {
    expect(() => packTarball(manifest, more)).toThrow(message);
  });
});

test.each([
  ['pack.yaml', true],
  ['prompts/a.md', true],
  ['prompts/deep/a-b_c.1.md', true],
  ['fixtures/happy.yaml', true],
  ['prompts', false],
  ['prompts/', false],
  ['index.js', false],
  ['.npmrc', false],
  ['prompts/.npmrc', false],
  ['prompts/../../x', false],
  ['prompts//x', false],
  ['/prompts/x', false],
  ['prompts/node_modules/evil/index.js', false],
  ['prompts/Node_Modules/evil', false],
  ['node_modules/evil/index.js', false],
  ['prompts/a\\b', false],
  ['prompts/ünï.md', false],
  ['prompts/a\0', false],
  [`prompts/${'n'.repeat(PACK_LIMITS.path)}`, false],
])('%j may be in a pack: %j', (path, may) => {
  expect(mayHold(path)).toBe(may);
});

const good = goodMembers('hello', '1.0.0');
const forged = (...more: Parameters<typeof forgedTarball>[0][number][]) => forgedTarball([...good, ...more]);

test('what the forger starts from is good', async () => {
  await readTarball(forged());
});

describe('a tarball is refused', () => {
  test.each([
    ['setuid bits', forged({ path: 'package/prompts/a.md', mode: 0o4755 }), /mode 4755/],
    ['an executable', forged({ path: 'package/prompts/a.md', mode: 0o755 }), /mode 755/],
    ['.npmrc', forged({ path: 'package/.npmrc', text: 'registry=http://evil' }), /can't hold "package\/\.npmrc"/],
    ['nested node_modules', forged({ path: 'package/node_modules/x/index.js' }), /can't hold/],
    ['nested node_modules below a folder', forged({ path: 'package/prompts/node_modules/x.md' }), /can't hold/],
    ['a symbolic link', forged({ path: 'package/prompts/a.md', link: '/etc/passwd' }), /is a link/],
    ['an absolute path', forged({ path: '/etc/cron.d/evil' }), /can't hold/],
    ['a path that leads out', forged({ path: 'package/../../evil' }), /can't hold/],
    ['a path that leads out of a folder', forged({ path: 'package/prompts/../../../evil' }), /can't hold/],
    ['a path outside of package/', forged({ path: 'prompts/a.md' }), /can't hold/],
    ['a member twice', forged(good[0] as never), /twice/],
    [
      'names that differ in case only',
      forged({ path: 'package/prompts/A.md' }, { path: 'package/prompts/a.md' }),
      /twice/,
    ],
    [
      'a file that is a folder, too',
      forged({ path: 'package/prompts/a' }, { path: 'package/prompts/a/b.md' }),
      /a file and a folder/,
    ],
    [
      '20,000 files',
      forgedTarball([...good, ...Array.from({ length: 20_000 }, (_, i) => ({ path: `package/prompts/${i}` }))]),
      /more than/,
    ],
    ['no pack.yaml', forgedTarball(good.slice(1)), /lacks pack.yaml/],
    ['no package.json', forgedTarball(good.slice(0, 1)), /lacks pack.yaml or package.json/],
    [
      'bytes after the end of the archive',
      forgedTarball(good, Buffer.concat([TAR_END, Buffer.alloc(512, 1)])),
      /follows/,
    ],
    ['no end', forgedTarball(good, Buffer.alloc(0)), /cut short/],
    ['bytes after the compressed part', Buffer.concat([forged(), Buffer.alloc(8)]), /follows/],
    ['garbage after the compressed part', Buffer.concat([forged(), Buffer.from('garbage!')]), /damaged|follows/],
    ['half of it', forged().subarray(0, 200), /cut short/],
    ['no gzip at all', Buffer.from('<html>not found</html>'), /damaged/],
    ['nothing', Buffer.alloc(0), /damaged/],
    ['more than its cap', Buffer.alloc(PACK_LIMITS.packed + 1), /more than/],
    ['install scripts', forgedTarball(goodMembers('hello', '1.0.0', { scripts: { install: 'evil' } })), /"scripts"/],
    ['dependencies', forgedTarball(goodMembers('hello', '1.0.0', { dependencies: { evil: '1' } })), /"dependencies"/],
    [
      'another id inside',
      forgedTarball(
        goodMembers('hello', '1.0.0', { chp: { format: 1, id: 'other', requires: null, compiled: 'a'.repeat(64) } }),
      ),
      /named otherwise/,
    ],
    [
      'an unknown format',
      forgedTarball(
        goodMembers('hello', '1.0.0', { chp: { format: 2, id: 'hello', requires: null, compiled: 'a'.repeat(64) } }),
      ),
      /format/,
    ],
    [
      'a package.json that is none',
      forgedTarball([good[0] as never, { path: 'package/package.json', text: '[]' }]),
      /no object/,
    ],
  ])('with %s', async (_, tarball, message) => {
    await expect(readTarball(tarball)).rejects.toThrow(message);
    await expect(readTarball(tarball)).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  test('that unpacks to 600 MB, before it does', async () => {
    // 600 MB of zeros are 600 kB packed: below the cap of what travels.
    const bomb = zeros(600);
    expect(bomb.byteLength).toBeLessThan(PACK_LIMITS.packed);
    const before = process.memoryUsage().rss;
    await expect(readTarball(bomb)).rejects.toThrow(/unpacks to more/);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });
});

/** `megabytes` of zeros as concatenated gzip members, each made once. */
function zeros(megabytes: number): Buffer {
  const member = gzipSync(Buffer.alloc(10_000_000));
  expect(gunzipSync(member).byteLength).toBe(10_000_000);
  return Buffer.concat(Array.from({ length: megabytes / 10 }, () => member));
}
