import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IdentityOutputs } from '../../../src/stacks/provider/identity.ts';
import { IDENTITY_SECRETS } from '../../../src/stacks/provider/identity.ts';
import {
  destroyHub,
  exportState,
  importHub,
  previewHub,
  readHub,
  refreshHub,
  upHub,
} from '../../../src/stacks/run/hub.ts';
import { HubStack } from '../../support/hub-stack.ts';

/** One hub through its life, on the real engine: the tests build on each other. */
let hub: HubStack;
let identity: IdentityOutputs;

beforeAll(async () => {
  hub = await HubStack.create();
});
afterAll(() => hub[Symbol.asyncDispose]());

async function up(args = hub.args): Promise<string[]> {
  const changes: string[] = [];
  identity = await upHub(args, hub.options, (line) => changes.push(line));
  return changes;
}

async function filesBelow(dir: string): Promise<string[]> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('reading before there is anything gives nothing, and makes nothing', async () => {
  expect(await readHub('demo', hub.options)).toBeNull();
  expect(await exportState('demo', hub.options)).toBeNull();
  expect(await refreshHub('demo', hub.options)).toEqual([]);
  expect(existsSync(hub.stateFile)).toBe(false);
});

test('a preview of a new hub shows what will be made, and makes nothing on the host', async () => {
  expect(await previewHub(hub.args, hub.options)).toEqual([
    { resource: 'chp:index:Identity::identity', op: 'create', paths: [] },
    { resource: 'chp:index:Host::host', op: 'create', paths: [] },
  ]);
  expect(existsSync(hub.args.root)).toBe(false);
});

test('up makes the identity and the base of the host', async () => {
  expect(await up()).toEqual(['create identity', 'create host']);
  expect(await readFile(hub.path('tenants', 'demo', 'keys', 'identity.age'), 'utf8')).toBe(`${identity.ageIdentity}\n`);
  expect(await readFile(hub.path('tenants', 'demo', 'keys', 'signing.pub'), 'utf8')).toBe(identity.signingPublicKey);
  expect(await readFile(hub.path('agent', 'agent.mjs'), 'utf8')).toBe('// an agent\n');
  expect(Buffer.from(identity.gatewayToken, 'base64url')).toHaveLength(32);
  const certificate = new X509Certificate(identity.hubCertificate);
  expect(certificate.verify(new X509Certificate(identity.caCertificate).publicKey)).toBe(true);
});

test('up and preview of what is there change nothing, and the identity stays', async () => {
  const before = identity;
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
  expect(await up()).toEqual([]);
  expect(identity).toEqual(before);
  expect(await readHub('demo', hub.options)).toEqual(before);
});

test('no secret is in the clear in anything that was left behind', async () => {
  await refreshHub('demo', hub.options);
  const secrets = IDENTITY_SECRETS.flatMap((name) => [identity[name], identity[name].trim().split('\n').at(1) ?? '']);
  const needles = [...secrets, await readFile(join(hub.options.home.keys, 'passphrase'), 'utf8')]
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '' && !secret.startsWith('-----END'))
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]);
  const kept = [...(await filesBelow(hub.options.home.dir)), ...(await filesBelow(join(hub.dir, 'tmp')))];
  const texts = await Promise.all(kept.map(async (path) => [path, await readFile(path, 'latin1')] as const));
  const leaks = texts.filter(
    ([path, text]) => !path.endsWith('/keys/passphrase') && needles.some((needle) => text.includes(needle)),
  );
  expect(leaks.map(([path]) => path)).toEqual([]);
  expect(texts.some(([path]) => path === hub.stateFile)).toBe(true);
  const exported = (await exportState('demo', hub.options)) as string;
  expect(needles.filter((needle) => exported.includes(needle))).toEqual([]);
});

test('no folder of a run is left', async () => {
  expect(await readdir(join(hub.options.home.cache, 'pulumi-runs'))).toEqual([]);
  expect(await readdir(join(hub.dir, 'tmp'))).toEqual([]);
});

const drifts: [string, () => Promise<void>, RegExp][] = [
  ['the agent was edited', () => writeFile(hub.path('agent', 'agent.mjs'), '// not ours'), /file .*agent\.mjs/],
  ['a mode was changed', () => chmod(hub.path('tenants', 'demo', 'keys'), 0o755), /folder .*keys/],
  ['a key was removed', () => rm(hub.path('tenants', 'demo', 'keys', 'signing.pub')), /file .*signing\.pub/],
  ['node was removed', () => rm(hub.path('trees'), { recursive: true }), /node /],
  ['all is gone', () => rm(hub.args.root, { recursive: true }), /file .*host\.json/],
];
test.each(drifts)('drift is seen and mended: %s', async (_, damage, what) => {
  await damage();
  const [change, ...others] = await previewHub(hub.args, hub.options);
  expect(others).toEqual([]);
  expect(change).toMatchObject({ resource: 'chp:index:Host::host', op: 'update' });
  expect(change?.paths.join('\n')).toMatch(what);
  expect((await refreshHub('demo', hub.options)).join('\n')).toMatch(what);
  expect(await up()).toEqual(['update host']);
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test('a changed input is an update that names it', async () => {
  const agentPath = join(hub.dir, 'agent2.mjs');
  await writeFile(agentPath, '// another agent\n');
  const { sha256 } = await import('../../../src/core/digest.ts');
  const args = { ...hub.args, agentPath, agentDigest: sha256('// another agent\n') };
  const [change] = await previewHub(args, hub.options);
  expect(change?.paths).toContain('agentDigest');
  await up(args);
  expect(await readFile(hub.path('agent', 'agent.mjs'), 'utf8')).toBe('// another agent\n');
  await up();
});

test('rotation makes a new identity and gives it to the host', async () => {
  const before = identity;
  const args = { ...hub.args, rotation: 1 };
  const changes = await previewHub(args, hub.options);
  expect(changes.map(({ resource }) => resource)).toEqual(
    expect.arrayContaining(['chp:index:Identity::identity', 'chp:index:Host::host']),
  );
  await up(args);
  for (const name of IDENTITY_SECRETS) expect(identity[name]).not.toBe(before[name]);
  expect(await readFile(hub.path('tenants', 'demo', 'keys', 'identity.age'), 'utf8')).toBe(`${identity.ageIdentity}\n`);
  await up();
});

test('a tenant is never moved by losing what it has stored', async () => {
  const marker = hub.path('tenants', 'demo', 'state', 'memories');
  await writeFile(marker, 'of the family');
  await expect(up({ ...hub.args, root: join(hub.dir, 'elsewhere') })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(previewHub({ ...hub.args, root: join(hub.dir, 'elsewhere') }, hub.options)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: "demo can't be moved",
  });
  expect(await readFile(marker, 'utf8')).toBe('of the family');
});

test('bad input is told before the engine starts', async () => {
  const options = { ...hub.options, engine: { path: '/nonexistent', version: '3.259.0' } };
  await expect(upHub({ ...hub.args, root: '/a/../etc' }, options, () => {})).rejects.toMatchObject({
    code: 'BAD_INPUT',
    why: expect.stringContaining('root'),
  });
});

test('a host whose state was lost is imported, then is the same as any other', async () => {
  await rm(hub.options.home.pulumiState, { recursive: true });
  await importHub(hub.args, hub.options);
  expect(await refreshHub('demo', hub.options)).toEqual([]);
  const changes = await previewHub(hub.args, hub.options);
  expect(changes).toMatchObject([{ op: 'create', resource: 'chp:index:Identity::identity' }, { op: 'update' }]);
  expect(await up()).toEqual(['create identity', 'update host']);
  expect(await readFile(hub.path('tenants', 'demo', 'state', 'memories'), 'utf8')).toBe('of the family');
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test('import of a host without a base says so', async () => {
  await expect(importHub({ ...hub.args, tenant: 'other' }, hub.options)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('destroy removes the base, the stack and every copy of its state; twice is fine', async () => {
  await destroyHub('demo', hub.options);
  expect(existsSync(hub.args.root)).toBe(false);
  const left = await filesBelow(join(hub.options.home.pulumiState, '.pulumi'));
  expect(left.filter((path) => /\/demo[./-]/.test(path))).toEqual([]);
  await destroyHub('demo', hub.options);
  expect(await readHub('demo', hub.options)).toBeNull();
});
