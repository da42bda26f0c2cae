import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noMemory } from '../../../src/adapters/catalogue/memory.ts';
import { Publisher } from '../../../src/adapters/catalogue/publisher.ts';
import { S3Store } from '../../../src/adapters/catalogue/s3.ts';
import type { Packument } from '../../../src/core/ports/catalogue.ts';
import { publicationOf, TestCatalogue, take } from '../../support/catalogue.ts';
import { startMoto, type TestAws } from '../../support/moto.ts';
import { testKey } from '../../support/packs.ts';

/** A catalogue in a bucket, of moto’s S3, which does conditional writes. */
let aws: TestAws;
let client: S3Client;
const before = { ...process.env };
beforeAll(async () => {
  aws = await startMoto();
  Object.assign(process.env, aws.env);
  client = new S3Client({
    endpoint: aws.env.AWS_ENDPOINT_URL_S3 as string,
    forcePathStyle: true,
    region: 'eu-central-1',
  });
  await client.send(
    new CreateBucketCommand({ Bucket: 'packs', CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
  );
});
afterAll(async () => {
  process.env = before;
  await aws.stop();
});

let round = 0;
let catalogue: TestCatalogue;
const key = testKey();
const location = (): string => `s3://packs/round-${round}`;
const store = (): S3Store => new S3Store(location(), aws.env);
/** One of several writers, who know nothing of each other. */
const writer = (): Publisher =>
  new Publisher(store(), {
    trust: { keys: [key.trusted], memory: noMemory(), now: () => catalogue.now },
    privateKeys: [key.privateKey],
    url: 'http://packs.example',
    validDays: 30,
  });
beforeEach(async () => {
  round++;
  catalogue = new TestCatalogue(key, store());
  await catalogue.publisher().init([key.trusted]);
  return () => catalogue.cleanUp();
});

test('is made once, published to, and read through the gate', async () => {
  await expect(writer().init([key.trusted])).rejects.toMatchObject({ code: 'CONFLICT' });
  await catalogue.publish('hello', '1.0.0');
  await catalogue.publish('hello', '1.0.0');
  await catalogue.publish('hello', '1.1.0', 'Hi', 'beta');
  expect(await take(catalogue.gate(), 'hello')).toBe('@clawd-packs/hello@1.0.0');
  expect(await take(catalogue.gate(), 'hello', 'beta')).toBe('@clawd-packs/hello@1.1.0');
  await expect(catalogue.publish('hello', '1.0.0', 'other')).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await catalogue.gate().packument('absent')).toBeNull();
  expect((await catalogue.store.list('-/tarballs/@clawd-packs')).map(({ path }) => path)).toEqual([
    '-/tarballs/@clawd-packs/hello-1.0.0.tgz',
    '-/tarballs/@clawd-packs/hello-1.1.0.tgz',
  ]);
  await catalogue.store.remove('-/tarballs/@clawd-packs/hello-1.1.0.tgz');
  await expect(take(catalogue.gate(), 'hello', 'beta')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a web server in front says what things are and how long they hold', async () => {
  await catalogue.publish('hello', '1.0.0');
  const head = async (path: string) => {
    const found = await client.send(new GetObjectCommand({ Bucket: 'packs', Key: `round-${round}/${path}` }));
    return [found.ContentType, found.CacheControl];
  };
  expect(await head('@clawd-packs/hello')).toEqual(['application/json', 'no-cache']);
  expect(await head('-/tarballs/@clawd-packs/hello-1.0.0.tgz')).toEqual([
    'application/octet-stream',
    expect.stringContaining('immutable'),
  ]);
});

describe('many writers at once', () => {
  test('of the same version one wins; of different packs nothing is lost; npm’s view is the newest', async () => {
    const race = ['1.0.0', '1.1.0'].flatMap((version) =>
      Array.from({ length: 4 }, (_, i) =>
        writer()
          .publish([publicationOf('race', version, key, `side ${i}`)])
          .then(() => version),
      ),
    );
    const apart = Array.from({ length: 4 }, (_, i) =>
      writer()
        .publish([publicationOf(`pack-${i}`, '1.0.0', key)])
        .then(() => 'own'),
    );
    const ended = await Promise.allSettled([...race, ...apart]);
    expect(ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])).sort()).toEqual([
      '1.0.0',
      '1.1.0',
      'own',
      'own',
      'own',
      'own',
    ]);
    for (const one of ended) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'CONFLICT' });
    const gate = catalogue.gate();
    expect((await gate.snapshot())?.sequence).toBe(7);
    for (const id of ['race', 'pack-0', 'pack-1', 'pack-2', 'pack-3'])
      for (const version of Object.values((await gate.packument(id))?.versions ?? {})) await gate.fetch(version);
    const view = await catalogue.store.get('@clawd-packs/race', 1e6);
    expect(Object.keys((JSON.parse(String(view?.bytes)) as Packument).versions).sort()).toEqual(['1.0.0', '1.1.0']);
  });
});

test('what is wrong with the bucket is said', async () => {
  const absent = new S3Store('s3://no-such-bucket', aws.env);
  await expect(absent.get('x', 1)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('no-such-bucket'),
  });
  const dead = new S3Store('s3://packs', { ...aws.env, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' });
  await expect(dead.get('x', 1)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  await catalogue.publish('hello', '1.0.0');
  await expect(store().get('@clawd-packs/hello', 10)).rejects.toMatchObject({ code: 'INTEGRITY' });
});
