import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FolderStore } from '../../../../src/adapters/catalogue/folder.ts';
import { noMemory } from '../../../../src/adapters/catalogue/memory.ts';
import { staticCatalogue } from '../../../../src/adapters/catalogue/static.ts';
import { canonicalJson, sha256 } from '../../../../src/core/digest.ts';
import type { CatalogueSnapshot, CatalogueVersion, Packument } from '../../../../src/core/ports/catalogue.ts';
import { withDeprecation, withSignature, withYank } from '../../../../src/packs/packument.ts';
import { integrityOf, sealPack } from '../../../../src/packs/seal.ts';
import { issueSnapshot, shardOf } from '../../../../src/packs/snapshot.ts';
import { TestCatalogue, take } from '../../../support/catalogue.ts';
import { forgedTarball, goodMembers, packYaml, testKey } from '../../../support/packs.ts';

const NAME = '@clawd-packs/hello';
const SNAPSHOT = '-/chp/snapshot.json';
const TARBALL = '-/tarballs/@clawd-packs/hello-1.0.0.tgz';
let catalogue: TestCatalogue;
let fresh: TestCatalogue;
beforeAll(async () => {
  fresh = await TestCatalogue.made('hello', 'other');
});
afterAll(() => fresh.cleanUp());
beforeEach(() => {
  catalogue = fresh.copy();
});
afterEach(() => catalogue.cleanUp());

const at = (path: string): string => join(catalogue.dir, path);
const read = <T>(path: string): T => JSON.parse(readFileSync(at(path), 'utf8')) as T;
const put = (path: string, value: unknown): void =>
  writeFileSync(at(path), typeof value === 'string' ? value : canonicalJson(value));
const snapshot = (): CatalogueSnapshot => read(SNAPSHOT);
const shardPath = (): string => `-/chp/shards/${snapshot().shards[shardOf(NAME)]}.json`;
const packumentPath = (): string => `-/chp/packuments/${read<any>(shardPath())[NAME].packument}.json`;
const refusal = (work: Promise<unknown>): Promise<any> =>
  work.then(
    (value) => Promise.reject(new Error(`it was let through: ${value}`)),
    (error) => error,
  );

/** The whole catalogue with one packument changed, every digest and the snapshot's signature made good again. */
function resign(change: (packument: any) => void, key = catalogue.key): void {
  const packument = read<Packument>(packumentPath());
  change(packument);
  const shard = read<any>(shardPath());
  const digest = sha256(canonicalJson(packument));
  put(`-/chp/packuments/${digest}.json`, packument);
  shard[NAME].packument = digest;
  const shardDigest = sha256(canonicalJson(shard));
  put(`-/chp/shards/${shardDigest}.json`, shard);
  const { signatures: _, issued: __, expires: ___, ...statement } = snapshot();
  const next = {
    ...statement,
    sequence: statement.sequence + 1,
    shards: { ...statement.shards, [shardOf(NAME)]: shardDigest },
  };
  put(SNAPSHOT, issueSnapshot(next, { now: catalogue.now, validDays: 30, privateKeys: [key.privateKey] }));
}

test('a good pack comes through, whole', async () => {
  const gate = catalogue.gate();
  const { version, warnings } = await gate.resolve('hello', '^1.0.0');
  const pack = await gate.fetch(version);
  expect(warnings).toEqual([]);
  expect(pack).toMatchObject({
    name: NAME,
    version: '1.0.0',
    location: catalogue.dir,
    signature: { keyid: catalogue.key.trusted.keyid },
  });
  expect(pack.files.get('pack.yaml')?.toString()).toBe(packYaml('hello', '1.0.0'));
});

test('what is not there is said, with what is near', async () => {
  expect(await catalogue.gate().packument('absent')).toBeNull();
  const failure = await refusal(catalogue.gate().resolve('hello-world', 'stable'));
  expect(failure).toMatchObject({ code: 'NOT_FOUND', next: ['Did you mean hello?', 'chp pack search'] });
});

test('search finds by every word, in what the snapshot vouches for', async () => {
  await catalogue.publish('morning-brief', '2.0.0', 'the day at a glance');
  const gate = catalogue.gate();
  expect(await gate.search('DAY brief', 10)).toEqual([
    { name: '@clawd-packs/morning-brief', version: '2.0.0', description: 'morning-brief: the day at a glance' },
  ]);
  expect((await gate.search('', 10)).length).toBe(3);
  expect((await gate.search('', 2)).length).toBe(2);
});

/** Whoever can write the folder, but has no key: every way to change it is seen. */
describe('an attacker who can change files', () => {
  test.each<[string, () => void, string, RegExp]>([
    [
      'other bytes in the tarball',
      () => put(TARBALL, forgedTarball(goodMembers('hello', '1.0.0')).toString('latin1')),
      'INTEGRITY',
      /not the one that was published/,
    ],
    [
      'a tarball cut short',
      () => writeFileSync(at(TARBALL), readFileSync(at(TARBALL)).subarray(0, 100)),
      'INTEGRITY',
      /not the one/,
    ],
    [
      'bytes after the tarball',
      () => writeFileSync(at(TARBALL), Buffer.concat([readFileSync(at(TARBALL)), Buffer.from('x')])),
      'INTEGRITY',
      /not the one/,
    ],
    ['a tarball of 2 MB', () => writeFileSync(at(TARBALL), Buffer.alloc(2e6)), 'INTEGRITY', /more than/],
    ['no tarball', () => rmSync(at(TARBALL)), 'NOT_FOUND', /is not at/],
    [
      'a link for a tarball',
      () => {
        rmSync(at(TARBALL));
        symlinkSync('/etc/passwd', at(TARBALL));
      },
      'INTEGRITY',
      /is a link/,
    ],
    [
      'a pipe for a tarball',
      () => {
        rmSync(at(TARBALL));
        execFileSync('mkfifo', [at(TARBALL)]);
      },
      'INTEGRITY',
      /not a file/,
    ],
    [
      'another packument',
      () => put(packumentPath(), read<object>(packumentPath()) && { name: NAME, versions: {} }),
      'INTEGRITY',
      /was changed/,
    ],
    [
      'deleted signatures',
      () =>
        put(
          packumentPath(),
          readFileSync(at(packumentPath()), 'utf8').replace(/"signatures":\[[^\]]*\]/, '"signatures":[]'),
        ),
      'INTEGRITY',
      /was changed/,
    ],
    ['no packument', () => rmSync(at(packumentPath())), 'INTEGRITY', /lacks content/],
    ['another list of packs', () => put(shardPath(), {}), 'INTEGRITY', /was changed/],
    ['no list of packs', () => rmSync(at(shardPath())), 'INTEGRITY', /lacks content/],
    ['a changed statement', () => put(SNAPSHOT, { ...snapshot(), sequence: 99 }), 'INTEGRITY', /does not hold/],
    [
      'a statement signed by a key of their own',
      () => resign(() => {}, testKey()),
      'UNTRUSTED',
      /not signed by a key that is trusted/,
    ],
    ['a statement that is not JSON', () => put(SNAPSHOT, '<html>'), 'INTEGRITY', /not JSON/],
    ['a statement of 1 MB', () => put(SNAPSHOT, ' '.repeat(1e6)), 'INTEGRITY', /more than/],
    ['no statement', () => rmSync(at(SNAPSHOT)), 'NOT_FOUND', /there is no catalogue/],
  ])('%s', async (_, attack, code, message) => {
    attack();
    const failure = await refusal(take(catalogue.gate(), 'hello'));
    expect(failure.message).toMatch(message);
    expect(failure.code).toBe(code);
  });

  test('no statement, where one was seen before', async () => {
    const memory = noMemory();
    await take(catalogue.gate({ memory }), 'hello');
    rmSync(at(SNAPSHOT));
    expect(await refusal(take(catalogue.gate({ memory }), 'hello'))).toMatchObject({ code: 'INTEGRITY' });
  });

  test('keys of their own at the place of the keys: nobody asks for those', async () => {
    put('-/npm/v1/keys', { keys: [testKey().trusted] });
    expect(await take(catalogue.gate(), 'hello')).toBe(`${NAME}@1.0.0`);
  });

  test('dist.tarball pointing at another host, in what npm sees: nobody goes there', async () => {
    put(NAME, readFileSync(at(NAME), 'utf8').replaceAll('http://packs.example', 'http://127.0.0.1:1'));
    expect(await take(catalogue.gate(), 'hello')).toBe(`${NAME}@1.0.0`);
  });
});

/** Whoever runs the catalogue with a key for statements that is pinned, but did not sign these packs. */
describe('a packument that was changed and signed for again', () => {
  const version = (packument: any): CatalogueVersion & { dist: any } => packument.versions['1.0.0'];
  test.each<[string, (packument: any) => void, string, RegExp]>([
    ['deleted signatures', (one) => (version(one).dist.signatures = []), 'UNTRUSTED', /not signed by a key/],
    ['no signatures at all', (one) => delete version(one).dist.signatures, 'UNTRUSTED', /not signed by a key/],
    ['deleted integrity', (one) => delete version(one).dist.integrity, 'INTEGRITY', /no sha512/],
    [
      'sha1 only',
      (one) => (version(one).dist.integrity = 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='),
      'INTEGRITY',
      /no sha512/,
    ],
    [
      'integrity of other bytes',
      (one) => (version(one).dist.integrity = integrityOf(Buffer.from('x'))),
      'INTEGRITY',
      /not the one/,
    ],
    ['another name', (one) => (one.name = '@clawd-packs/other'), 'INTEGRITY', /it is named/],
    [
      'a version under another number',
      (one) => (one.versions['9.0.0'] = one.versions['1.0.0']),
      'INTEGRITY',
      /in truth/,
    ],
    [
      'a version that is none',
      (one) => (one.versions['../1'] = { ...version(one), version: '../1' }),
      'INTEGRITY',
      /is no version/,
    ],
    ['versions that are none', (one) => (one.versions = 'all'), 'NOT_FOUND', /no version for/],
    [
      'one version replayed as another',
      (one) => {
        one.versions['1.0.1'] = { ...version(one), version: '1.0.1' };
        one['dist-tags'].latest = '1.0.1';
        cpSync(at(TARBALL), at(TARBALL.replace('1.0.0', '1.0.1')));
      },
      'INTEGRITY',
      /signature of @clawd-packs\/hello@1\.0\.1 does not hold/,
    ],
  ])('%s', async (_, change, code, message) => {
    resign(change);
    const failure = await refusal(take(catalogue.gate(), 'hello'));
    expect(failure.message).toMatch(message);
    expect(failure.code).toBe(code);
  });

  test('control characters for the terminal are taken out', async () => {
    resign((one) => {
      version(one).description = 'nice\u001b]0;evil\u0007\u202e\npack';
      version(one).deprecated = 'old\u001b[2J';
    });
    const { version: found, warnings } = await catalogue.gate().resolve('hello', 'stable');
    expect(found.description).toBe('nice ]0;evil pack');
    expect(warnings).toEqual([`${NAME}@1.0.0 is deprecated: old [2J`]);
  });
});

/** A publisher whose key is pinned, and who puts in it what no pack may hold. Nothing of it reaches the disk. */
describe('a signed tarball with', () => {
  const long = Array.from({ length: 20_000 }, (_, i) => ({ path: `package/prompts/${i}.md` }));
  test.each<[string, Buffer, RegExp]>([
    [
      'setuid bits',
      forgedTarball([...goodMembers('hello', '1.0.0'), { path: 'package/prompts/a.md', mode: 0o4755 }]),
      /mode 4755/,
    ],
    ['.npmrc', forgedTarball([...goodMembers('hello', '1.0.0'), { path: 'package/.npmrc' }]), /can't hold/],
    [
      'nested node_modules',
      forgedTarball([...goodMembers('hello', '1.0.0'), { path: 'package/node_modules/a/index.js' }]),
      /can't hold/,
    ],
    ['20,000 files', forgedTarball([...goodMembers('hello', '1.0.0'), ...long]), /unpacks to more/],
    ['600 MB', forgedTarball([{ path: 'package/README.md', text: Buffer.alloc(600e6) }]), /unpacks to more/],
    [
      'a link',
      forgedTarball([...goodMembers('hello', '1.0.0'), { path: 'package/prompts/a.md', link: '../../x' }]),
      /is a link/,
    ],
    ['..', forgedTarball([...goodMembers('hello', '1.0.0'), { path: 'package/../../x' }]), /can't hold/],
    ['an absolute path', forgedTarball([...goodMembers('hello', '1.0.0'), { path: '/tmp/x' }]), /can't hold/],
    ['another version inside', forgedTarball(goodMembers('hello', '2.0.0')), /hello@2\.0\.0 inside/],
    ['another pack inside', forgedTarball(goodMembers('other', '1.0.0')), /other@1\.0\.0 inside/],
    [
      'a pack.yaml of another pack',
      forgedTarball([
        { path: 'package/pack.yaml', text: packYaml('other', '1.0.0') },
        goodMembers('hello', '1.0.0')[1] as never,
      ]),
      /pack.yaml of other@1\.0\.0/,
    ],
  ])('%s', async (_, tarball, message) => {
    writeFileSync(at(TARBALL), tarball);
    resign((one) => {
      const { dist } = one.versions['1.0.0'];
      dist.integrity = integrityOf(tarball);
      dist.signatures = [sealPack(NAME, '1.0.0', dist.integrity, catalogue.key.privateKey)];
    });
    const scratch = mkdtempSync(join(tmpdir(), 'chp-scratch-'));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = scratch;
    try {
      const failure = await refusal(take(catalogue.gate(), 'hello'));
      expect(failure.message).toMatch(message);
      expect(readdirSync(scratch)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(scratch, { recursive: true });
    }
  });
});

describe('keys', () => {
  const rotated = async (): Promise<ReturnType<typeof testKey>> => {
    const key = testKey();
    await catalogue
      .publisher(key)
      .change(
        new Map([
          [
            NAME,
            (packument: Packument | null) =>
              withSignature(
                packument as Packument,
                '1.0.0',
                sealPack(
                  NAME,
                  '1.0.0',
                  (packument as Packument).versions['1.0.0']?.dist.integrity ?? '',
                  key.privateKey,
                ),
                catalogue.now,
              ),
          ],
        ]),
      );
    return key;
  };

  test('a key that is not pinned is no key', async () => {
    const failure = await refusal(take(catalogue.gate({ keys: [testKey().trusted] }), 'hello'));
    expect(failure).toMatchObject({ code: 'UNTRUSTED', why: expect.stringContaining('not pinned') });
  });

  test('an expired key signs nothing any more', async () => {
    const keys = [{ ...catalogue.key.trusted, expires: '2026-11-25T11:00:00Z' }];
    expect(await refusal(take(catalogue.gate({ keys }), 'hello'))).toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('expired'),
    });
  });

  test('a key that the operator revoked signs nothing any more', async () => {
    const keys = [{ ...catalogue.key.trusted, revoked: 'laptop lost' }];
    expect(await refusal(take(catalogue.gate({ keys }), 'hello'))).toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('laptop lost'),
    });
  });

  test('a key that the catalogue revoked signs nothing any more; what was signed again by the next one comes through', async () => {
    const next = await rotated();
    const keys = [catalogue.key.trusted, next.trusted];
    expect(await take(catalogue.gate({ keys }), 'hello')).toBe(`${NAME}@1.0.0`);
    await catalogue.publisher(next).revoke({ [catalogue.key.trusted.keyid]: 'stolen' });
    expect(await take(catalogue.gate({ keys }), 'hello')).toBe(`${NAME}@1.0.0`);
    // Only the first key signed this one.
    expect(await refusal(take(catalogue.gate({ keys }), 'other'))).toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('stolen'),
    });
  });

  test('a revocation once seen holds, although the thief publishes a statement without it', async () => {
    const next = await rotated();
    const [memory, keys] = [noMemory(), [catalogue.key.trusted, next.trusted]];
    const stolen = snapshot();
    await catalogue.publisher(next).revoke({ [catalogue.key.trusted.keyid]: 'stolen' });
    await take(catalogue.gate({ memory, keys }), 'hello');
    const { signatures: _, issued: __, expires: ___, ...statement } = stolen;
    put(
      SNAPSHOT,
      issueSnapshot(
        { ...statement, sequence: 1000 },
        { now: catalogue.now, validDays: 30, privateKeys: [catalogue.key.privateKey] },
      ),
    );
    expect(await refusal(take(catalogue.gate({ memory, keys }), 'hello'))).toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('stolen'),
    });
  });

  test('nobody publishes with a key that nobody would believe', async () => {
    const before = readFileSync(at(SNAPSHOT), 'utf8');
    await expect(catalogue.publisher(testKey(), [catalogue.key.trusted]).renew()).rejects.toMatchObject({
      code: 'UNTRUSTED',
    });
    await expect(catalogue.publisher().revoke({ [catalogue.key.trusted.keyid]: 'me' })).rejects.toMatchObject({
      code: 'UNTRUSTED',
    });
    expect(readFileSync(at(SNAPSHOT), 'utf8')).toBe(before);
  });
});

describe('older states', () => {
  /** Copies of everything as it is now. */
  function copy(): string {
    const to = mkdtempSync(join(tmpdir(), 'chp-old-'));
    cpSync(catalogue.dir, to, { recursive: true });
    return to;
  }

  test('the whole catalogue as it was before is refused, and so is its old packument', async () => {
    const old = copy();
    const memory = noMemory();
    await catalogue
      .publisher()
      .change(
        new Map([[NAME, (one: Packument | null) => withYank(one as Packument, '1.0.0', 'harmful', catalogue.now)]]),
      );
    expect(await refusal(take(catalogue.gate({ memory }), 'hello'))).toMatchObject({ code: 'NOT_FOUND' });
    const oldCatalogue = staticCatalogue({
      ...new FolderStore(old),
      location: catalogue.dir,
      get: (path, max) => new FolderStore(old).get(path, max),
    });
    expect(await refusal(take(catalogue.gate({ memory, catalogue: oldCatalogue }), 'hello'))).toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('was seen before'),
    });
    // Whoever never saw the newer state can't know.
    expect(await take(catalogue.gate({ catalogue: oldCatalogue }), 'hello')).toBe(`${NAME}@1.0.0`);
    rmSync(old, { recursive: true });
  });

  test('a mix of two states is refused: a new statement with an old list of packs', async () => {
    const old = readFileSync(at(shardPath()));
    await catalogue.publish('hello', '1.1.0');
    const path = shardPath();
    renameSync(at(path), `${at(path)}.new`);
    writeFileSync(at(path), old);
    expect(await refusal(take(catalogue.gate(), 'hello'))).toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('was changed'),
    });
  });

  test('a mix of two states is refused: a new list of packs with an old packument', async () => {
    const old = readFileSync(at(packumentPath()));
    await catalogue.publish('hello', '1.1.0');
    writeFileSync(at(packumentPath()), old);
    expect(await refusal(take(catalogue.gate(), 'hello'))).toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('was changed'),
    });
  });

  test('an expired copy is refused, until its owner renews it', async () => {
    catalogue.now = new Date('2027-01-01T00:00:00Z');
    expect(await refusal(take(catalogue.gate(), 'hello'))).toMatchObject({
      code: 'UNTRUSTED',
      message: expect.stringContaining('out of date'),
    });
    await catalogue.publisher().renew();
    expect(await take(catalogue.gate(), 'hello')).toBe(`${NAME}@1.0.0`);
  });

  test('a catalogue that was made anew is another one', async () => {
    const memory = noMemory();
    await take(catalogue.gate({ memory }), 'hello');
    rmSync(at('-'), { recursive: true });
    await catalogue.memoryless().init([catalogue.key.trusted]);
    expect(await refusal(take(catalogue.gate({ memory }), 'hello'))).toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('another catalogue'),
    });
  });
});

test('a statement that changes while it is read is read again', async () => {
  const gate = catalogue.gate();
  await gate.packument('hello');
  await catalogue.publish('hello', '1.1.0');
  for (const folder of ['-/chp/shards', '-/chp/packuments'])
    for (const { path } of await catalogue.store.list(folder))
      if (
        path !== shardPath() &&
        path !== packumentPath() &&
        !path.includes(snapshot().shards[shardOf('@clawd-packs/other')] ?? '')
      )
        rmSync(at(path));
  expect(await take(gate, 'hello', '^1')).toBe(`${NAME}@1.1.0`);
});

test('deprecated is said, yanked needs its number and a word', async () => {
  await catalogue.publish('hello', '1.1.0');
  await catalogue
    .publisher()
    .change(
      new Map([
        [NAME, (one: Packument | null) => withDeprecation(one as Packument, '1.1.0', 'use two', catalogue.now)],
      ]),
    );
  expect((await catalogue.gate().resolve('hello', 'stable')).warnings).toEqual([
    `${NAME}@1.1.0 is deprecated: use two`,
  ]);
  expect((await catalogue.gate().resolve('hello', '^1')).version.version).toBe('1.0.0');
  await catalogue
    .publisher()
    .change(
      new Map([[NAME, (one: Packument | null) => withYank(one as Packument, '1.0.0', 'harmful', catalogue.now)]]),
    );
  expect(await refusal(catalogue.gate().resolve('hello', '1.0.0'))).toMatchObject({ code: 'CONFLICT' });
  const { version } = await catalogue.gate().resolve('hello', '1.0.0', { allowYanked: true });
  expect((await catalogue.gate().fetch(version)).version).toBe('1.0.0');
});
