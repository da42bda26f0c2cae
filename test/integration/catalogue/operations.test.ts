import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { catalogueNamed, catalogues } from '../../../src/operations/catalogue/catalogues.ts';
import { searchPacks, takePack } from '../../../src/operations/catalogue/find-packs.ts';
import { addKey, listKeys, pinKey, revokeKey, rotateKey } from '../../../src/operations/catalogue/keys.ts';
import { addCatalogue, initCatalogue, removeCatalogue } from '../../../src/operations/catalogue/manage-catalogues.ts';
import { mirrorCatalogue } from '../../../src/operations/catalogue/mirror-catalogue.ts';
import { packInfo } from '../../../src/operations/catalogue/pack-info.ts';
import { type PublishOptions, publishPack } from '../../../src/operations/catalogue/publish-pack.ts';
import { renewCatalogue } from '../../../src/operations/catalogue/renew-catalogue.ts';
import { retractPack } from '../../../src/operations/catalogue/retract-pack.ts';
import { verifyCatalogue } from '../../../src/operations/catalogue/verify-catalogue.ts';
import { type Context, openContext } from '../../../src/operations/context.ts';
import { parseRequest } from '../../../src/packs/resolve.ts';
import { writePack } from '../../support/pack-folder.ts';
import { recordedProgress } from '../../support/progress.ts';

/** Two operators, each with a CHP_HOME of their own, on folders. */
let root: string;
let owner: Context & { progress: ReturnType<typeof recordedProgress> };
let reader: typeof owner;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chp-catalogues-'));
  owner = operator('owner');
  reader = operator('reader');
  return async () => {
    for (const context of [owner, reader]) await context[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  };
});

function operator(name: string): typeof owner {
  const env = {
    CHP_HOME: join(root, name),
    CHP_WORKFLOW_PACKS: join(root, 'shipped'),
    USER: name,
    HOME: join(root, name),
  };
  return openContext({ env, progress: recordedProgress(), signal: new AbortController().signal }) as typeof owner;
}

const at = (name: string): string => join(root, name);
const init = (context: Context, name = 'home', location = at(`${name}-packs`)) =>
  initCatalogue(context, { location, name, scope: '@clawd-packs', url: undefined, validDays: 30 });
const add = (context: Context, key: string, location = at('home-packs')) =>
  addCatalogue(context, { location, name: 'home', scope: '@clawd-packs', key, url: undefined, validDays: 30 });
const publish = (context: Context, id: string, version: string, says?: string, more: Partial<PublishOptions> = {}) =>
  publishPack(context, {
    dir: writePack(at('packs'), id, version, says),
    catalogue: undefined,
    tag: undefined,
    dryRun: false,
    ...more,
  });
const take = async (context: Context, request: string, allowYanked = false): Promise<string> => {
  const { pack, catalogue } = await takePack(context, parseRequest(request), { allowYanked });
  return `${catalogue.name}/${pack.manifest.chp.id}@${pack.version}`;
};

describe('the catalogue that comes with chp', () => {
  beforeEach(() => {
    for (const id of ['morning-brief', 'chores']) writePack(at('shipped'), id, '1.0.0');
  });
  const found = async (): Promise<string[]> =>
    (await searchPacks(owner, '', { catalogue: undefined, limit: 10 })).map(({ id, version }) => `${id} ${version}`);

  test('is there without anything having been asked or fetched, and follows what chp brings', async () => {
    expect(await found()).toEqual(['chores 1.0.0', 'morning-brief 1.0.0']);
    expect(await take(owner, 'morning-brief')).toBe('builtin/morning-brief@1.0.0');
    writePack(at('shipped'), 'chores', '1.1.0');
    writePack(at('shipped'), 'travel', '1.0.0');
    expect(await found()).toEqual(['chores 1.1.0', 'morning-brief 1.0.0', 'travel 1.0.0']);
    expect(await take(owner, 'chores@1.0.0')).toBe('builtin/chores@1.0.0');
    owner.progress.lines.length = 0;
    await found();
    expect(owner.progress.lines).toEqual([]);
  });

  test('keeps what it had when a pack was changed without a new version, and leaves out a faulty one; both are said', async () => {
    await found();
    writePack(at('shipped'), 'chores', '1.0.0', 'Other');
    writeFileSync(join(writePack(at('shipped'), 'travel', '1.0.0'), 'pack.yaml'), 'schema: 1\n');
    expect(await found()).toEqual(['chores 1.0.0', 'morning-brief 1.0.0']);
    expect(owner.progress.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('@clawd-packs/chores@1.0.0 was changed without a new version'),
      expect.stringContaining('travel is left out'),
    ]);
    expect((await takePack(owner, parseRequest('chores'))).pack.files.get('pack.yaml')?.toString()).not.toContain(
      'Other',
    );
  });

  test('is made anew when its key, its place in the settings or its files are gone', async () => {
    await found();
    for (const lost of ['keys/catalogues', 'catalogues.json', 'catalogue']) {
      rmSync(join(owner.home.dir, lost), { recursive: true });
      expect(await found(), lost).toHaveLength(2);
      expect(await take(owner, 'chores'), lost).toBe('builtin/chores@1.0.0');
    }
  });

  test('is made once by many at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => found()));
    for (const one of all) expect(one).toHaveLength(2);
    expect(readdirSync(join(owner.home.keys, 'catalogues'))).toHaveLength(1);
  });

  test('is nobody’s to publish to, or to remove', async () => {
    await expect(publish(owner, 'mine', '1.0.0', undefined, { catalogue: 'builtin' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await expect(removeCatalogue(owner, 'builtin')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(publish(owner, 'mine', '1.0.0')).rejects.toMatchObject({ next: ['Make one: chp catalogue init'] });
  });
});

test('a catalogue is made once, with a private key that only its owner can read', async () => {
  const { keys, signing } = await init(owner);
  expect(signing).toEqual(keys.map(({ keyid }) => keyid));
  expect(readFileSync(join(owner.home.dir, 'catalogues.json'), 'utf8')).not.toContain('PRIVATE');
  await expect(init(owner)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(init(owner, 'again', at('home-packs'))).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(init(owner, 'web', 'ftp://x')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(init(owner, 'web', 'https://user:secret@x.example')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  expect((await catalogues(owner)).map(({ name }) => name)).toEqual(['builtin', 'home']);
});

describe('publishing', () => {
  beforeEach(() => init(owner));

  test('checks first, publishes once, and changes nothing for the same content', async () => {
    const dry = await publish(owner, 'hello', '1.0.0', undefined, { dryRun: true });
    expect(dry).toMatchObject({
      outcome: 'dry-run',
      tag: 'latest',
      files: ['README.md', 'fixtures/happy.yaml', 'pack.yaml', 'package.json'],
    });
    await expect(take(owner, 'hello')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await publish(owner, 'hello', '1.0.0')).toMatchObject({ outcome: 'published', integrity: dry.integrity });
    expect(await publish(owner, 'hello', '1.0.0')).toMatchObject({ outcome: 'unchanged' });
    await expect(publish(owner, 'hello', '1.0.0', 'Other')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await take(owner, 'hello')).toBe('home/hello@1.0.0');
    const entries = await (await owner.registry()).audit();
    expect(entries.map(({ action }) => action)).toEqual(['catalogue.add', 'pack.publish']);
  });

  test('moves channels: a pre-release goes to beta, stable never back by itself', async () => {
    await publish(owner, 'hello', '1.1.0');
    expect(await publish(owner, 'hello', '2.0.0-rc.1')).toMatchObject({ tag: 'beta' });
    await expect(publish(owner, 'hello', '1.0.5')).rejects.toMatchObject({
      code: 'CONFLICT',
      next: [expect.stringContaining('--tag stable')],
    });
    expect(await publish(owner, 'hello', '1.0.5', undefined, { tag: 'old' })).toMatchObject({ tag: 'old' });
    expect(await publish(owner, 'hello', '1.0.5', undefined, { tag: 'stable' })).toMatchObject({
      outcome: 'published',
      tag: 'latest',
    });
    expect(await take(owner, 'hello')).toBe('home/hello@1.0.5');
    expect(await take(owner, 'hello@beta')).toBe('home/hello@2.0.0-rc.1');
  });

  test('refuses a faulty pack with every fault at its place, and leaves nothing behind', async () => {
    const dir = writePack(at('packs'), 'bad', '1.0.0');
    writeFileSync(
      join(dir, 'pack.yaml'),
      `${readFileSync(join(dir, 'pack.yaml'), 'utf8')}  - id: more\n    uses: no.such\n`,
    );
    writeFileSync(join(dir, 'run.sh'), 'rm -rf /');
    const failure = await publishPack(owner, { dir, catalogue: undefined, tag: undefined, dryRun: false }).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ code: 'BAD_DOCUMENT', next: [`chp pack lint ${dir}`] });
    expect(failure.message).toContain('pack.yaml:14:11');
    expect(failure.message).toContain('run.sh');
    expect(existsSync(join(at('home-packs'), '-/tarballs'))).toBe(false);
  });

  test('says of a version that it is deprecated or yanked, and takes it back', async () => {
    for (const version of ['1.0.0', '1.1.0']) await publish(owner, 'hello', version);
    const say = (how: 'deprecate' | 'yank', reason: string | null) =>
      retractPack(owner, how, 'hello@1.1.0', { reason, catalogue: undefined });
    expect(await say('deprecate', 'old')).toMatchObject({ changed: true, channels: { latest: '1.1.0' } });
    expect(await say('deprecate', 'old')).toMatchObject({ changed: false });
    expect(await say('yank', 'harmful\u001b[2J')).toMatchObject({
      changed: true,
      reason: 'harmful [2J',
      channels: { latest: '1.0.0' },
    });
    await expect(take(owner, 'hello@1.1.0')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await take(owner, 'hello@1.1.0', true)).toBe('home/hello@1.1.0');
    expect(await packInfo(owner, 'hello', { allowYanked: false })).toMatchObject({
      version: '1.0.0',
      risk: 'low',
      channels: { stable: '1.0.0' },
      versions: [{ version: '1.1.0', yanked: 'harmful [2J', deprecated: 'old' }, { version: '1.0.0' }],
    });
    expect(await say('yank', null)).toMatchObject({ changed: true });
    await expect(retractPack(owner, 'yank', 'hello', { reason: 'x', catalogue: undefined })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await expect(
      retractPack(owner, 'yank', 'hello@3.0.0', { reason: 'x', catalogue: undefined }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(say('yank', ' ')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('a pack that is asked for without its catalogue', () => {
  test('must be in one only; else it is to be said which is meant', async () => {
    await init(owner);
    await init(owner, 'other');
    await publish(owner, 'hello', '1.0.0', undefined, { catalogue: 'home' });
    await publish(owner, 'apart', '1.0.0', undefined, { catalogue: 'other' });
    expect(await take(owner, 'hello')).toBe('home/hello@1.0.0');
    await publish(owner, 'hello', '9.0.0', undefined, { catalogue: 'other' });
    await expect(take(owner, 'hello')).rejects.toMatchObject({
      code: 'CONFLICT',
      next: ['Say which is meant: home/hello', 'Say which is meant: other/hello'],
    });
    expect(await take(owner, 'home/hello')).toBe('home/hello@1.0.0');
    await expect(take(owner, 'helo')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      next: expect.arrayContaining(['did you mean "hello"?']),
    });
    await expect(take(owner, 'home/helo')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(publish(owner, 'more', '1.0.0')).rejects.toMatchObject({
      next: ['Say --catalogue home', 'Say --catalogue other'],
    });
    // Where one can't be looked into, nobody knows whether it has it.
    rmSync(at('other-packs'), { recursive: true });
    await expect(take(owner, 'apart')).rejects.toMatchObject({
      code: 'INTEGRITY',
      next: expect.arrayContaining(['Say which catalogue is meant: CATALOGUE/apart']),
    });
    expect(
      (await searchPacks(owner, 'hello', { catalogue: undefined, limit: 9 })).map(({ catalogue }) => catalogue),
    ).toEqual(['home']);
    expect(owner.progress.lines).toContainEqual(expect.stringContaining('warn other is left out'));
  });
});

describe('keys', () => {
  let keyid: string;
  beforeEach(async () => {
    keyid = (await init(owner)).signing[0] ?? '';
    await publish(owner, 'hello', '1.0.0');
  });

  test('a reader pins a key by its id or from a file; another one is refused', async () => {
    await expect(add(reader, 'SHA256:none')).rejects.toMatchObject({ code: 'NOT_FOUND', why: `It has: ${keyid}` });
    await expect(take(reader, 'hello')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await add(reader, keyid);
    expect(await take(reader, 'hello')).toBe('home/hello@1.0.0');
    await removeCatalogue(reader, 'home');
    writeFileSync(at('keys.json'), JSON.stringify({ ok: true, result: await listKeys(owner, 'home') }));
    await add(reader, at('keys.json'));
    expect(await take(reader, 'hello')).toBe('home/hello@1.0.0');
    expect(await listKeys(reader, 'home')).toMatchObject([{ keyid, state: 'trusted', signing: false }]);
    await expect(publish(reader, 'mine', '1.0.0', undefined, { catalogue: 'home' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      next: ['chp catalogue keys add home'],
    });
  });

  test('rotated: both sign, readers have time; then the old one is revoked, and whoever has the new one reads on', async () => {
    await add(reader, keyid);
    const { key, resigned } = await rotateKey(owner, 'home', null);
    expect(resigned).toBe(1);
    await publish(owner, 'more', '1.0.0');
    expect([await take(reader, 'hello'), await take(reader, 'more')]).toEqual(['home/hello@1.0.0', 'home/more@1.0.0']);
    expect((await listKeys(reader, 'home')).map(({ state }) => state)).toEqual(['trusted', 'offered']);
    await pinKey(reader, 'home', key.keyid);
    expect(await revokeKey(owner, 'home', keyid, 'laptop lost')).toEqual({
      keyid,
      reason: 'laptop lost',
      published: true,
    });
    expect([await take(reader, 'hello'), await take(owner, 'more')]).toEqual(['home/hello@1.0.0', 'home/more@1.0.0']);
    expect(await listKeys(reader, 'home')).toMatchObject([
      { keyid, state: 'revoked', reason: 'laptop lost' },
      { keyid: key.keyid, state: 'trusted' },
    ]);
    await expect(pinKey(owner, 'home', keyid)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await verifyCatalogue(reader, 'home')).faults).toEqual([]);
  });

  test('the last key can’t revoke itself; a reader’s revocation is for the reader', async () => {
    await expect(revokeKey(owner, 'home', keyid, 'x')).rejects.toMatchObject({
      code: 'CONFLICT',
      next: expect.arrayContaining(['chp catalogue keys rotate home']),
    });
    await add(reader, keyid);
    expect(await revokeKey(reader, 'home', keyid, 'no longer a friend')).toMatchObject({ published: false });
    await expect(take(reader, 'home/hello')).rejects.toMatchObject({ code: 'UNTRUSTED' });
    expect(await take(owner, 'hello')).toBe('home/hello@1.0.0');
  });

  test('a second publisher adds a key; nobody believes it before pinning it', async () => {
    await add(reader, keyid);
    const key = await addKey(reader, 'home', '2099-01-01');
    expect(key).toMatchObject({ state: 'trusted', signing: true, expires: '2099-01-01T00:00:00.000Z' });
    await publish(reader, 'theirs', '1.0.0');
    await expect(take(owner, 'theirs')).rejects.toMatchObject({ code: 'UNTRUSTED' });
    await pinKey(owner, 'home', key.keyid);
    expect(await take(owner, 'theirs')).toBe('home/theirs@1.0.0');
    await expect(addKey(reader, 'home', null)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(rotateKey(reader, 'home', '2001-01-01')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

test('a mirror has the same versions, signatures, channels and words, and believes the same keys', async () => {
  const source = await init(owner);
  for (const version of ['1.0.0', '1.1.0']) await publish(owner, 'hello', version);
  await publish(owner, 'hello', '2.0.0-rc.1');
  await publish(owner, 'more', '1.0.0');
  await retractPack(owner, 'yank', 'hello@1.1.0', { reason: 'harmful', catalogue: undefined });
  await add(reader, source.signing[0] ?? '');
  await init(reader, 'copy');
  expect(await mirrorCatalogue(reader, 'home', 'copy')).toMatchObject({
    packs: 2,
    copied: 4,
    present: 0,
    keyids: source.signing,
  });
  expect(await mirrorCatalogue(reader, 'home', 'copy')).toMatchObject({ copied: 0, present: 4 });
  expect(await take(reader, 'copy/hello')).toBe('copy/hello@1.0.0');
  expect(await take(reader, 'copy/hello@beta')).toBe('copy/hello@2.0.0-rc.1');
  const { packument } = await takePack(reader, parseRequest('copy/hello'));
  expect(packument['dist-tags']).toEqual({ latest: '1.0.0', beta: '2.0.0-rc.1' });
  expect(packument.versions['1.1.0']?.yanked).toBe('harmful');
  expect(packument.versions['1.0.0']?.dist.signatures.map(({ keyid }) => keyid)).toEqual(source.signing);
  expect(await verifyCatalogue(reader, 'copy')).toMatchObject({ packs: 2, versions: 4, faults: [] });
});

test('verify reports every fault, not the first one', async () => {
  await init(owner);
  for (const id of ['one', 'two', 'three', 'four']) await publish(owner, id, '1.0.0');
  const tarball = (id: string): string => join(at('home-packs'), `-/tarballs/@clawd-packs/${id}-1.0.0.tgz`);
  writeFileSync(tarball('one'), 'x');
  rmSync(tarball('two'));
  writeFileSync(
    join(at('home-packs'), '@clawd-packs/three'),
    readFileSync(join(at('home-packs'), '@clawd-packs/four')),
  );
  const { faults, versions } = await verifyCatalogue(owner, 'home');
  expect(versions).toBe(4);
  expect(faults.map(({ what, code }) => `${code} ${what}`)).toEqual([
    'INTEGRITY @clawd-packs/one@1.0.0',
    'INTEGRITY @clawd-packs/three',
    'NOT_FOUND @clawd-packs/two@1.0.0',
  ]);
  await renewCatalogue(owner, 'home');
  expect((await verifyCatalogue(owner, 'home')).faults.map(({ what }) => what)).toEqual([
    '@clawd-packs/one@1.0.0',
    '@clawd-packs/two@1.0.0',
  ]);
});

test('renew holds for longer, and removes what only older states needed, once nobody can be reading it', async () => {
  await init(owner);
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) await publish(owner, 'hello', version);
  const first = await renewCatalogue(owner, undefined);
  expect(first).toMatchObject({ sequence: 5, pruned: 0 });
  const files = (): number =>
    ['packuments', 'shards'].flatMap((folder) => readdirSync(join(at('home-packs'), '-/chp', folder))).length;
  expect(files()).toBe(6);
  const { utimesSync } = await import('node:fs');
  for (const folder of ['packuments', 'shards'])
    for (const name of readdirSync(join(at('home-packs'), '-/chp', folder)))
      utimesSync(join(at('home-packs'), '-/chp', folder, name), 1, 1);
  expect(await renewCatalogue(owner, 'home')).toMatchObject({ sequence: 6, pruned: 4 });
  expect(files()).toBe(2);
  expect(await take(owner, 'hello')).toBe('home/hello@1.2.0');
});

test('settings that somebody broke are told at their place', async () => {
  await init(owner);
  const path = join(owner.home.dir, 'catalogues.json');
  const good = readFileSync(path, 'utf8');
  writeFileSync(path, good.replace('"static"', '"statick"'));
  await expect(catalogueNamed(owner, 'home')).rejects.toMatchObject({
    code: 'BAD_DOCUMENT',
    message: expect.stringMatching(/catalogues\.json:\d+:\d+/),
  });
  writeFileSync(path, good.replace(/"keyid": "SHA256:.{5}/, '"keyid": "SHA256:AAAAA'));
  await expect(catalogueNamed(owner, 'home')).rejects.toMatchObject({ code: 'INTEGRITY' });
});
