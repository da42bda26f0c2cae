import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkerConfig } from '../../../src/core/worker-protocol.ts';
import { makeIdentity } from '../../../src/stacks/provider/identity.ts';
import { startTemporal, type TestTemporal } from '../../support/temporal.ts';
import { type FrontOptions, startFront } from '../../support/temporal-front.ts';
import { testWorker } from '../../support/worker.ts';
import { pack, tell } from './packs.ts';

let dir = '';
let temporal: TestTemporal;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chp-cluster-'));
  temporal = await startTemporal(dir);
});
afterAll(async () => {
  await temporal?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const [server, client, stranger] = await Promise.all(['cluster', 'worker', 'stranger'].map(makeIdentity));
const serverName = 'hub.cluster.chp.internal';
const trusting = { tls: { ca: 'TEMPORAL_CA', serverName } };
const mutual = { tls: { ...trusting.tls, cert: 'TEMPORAL_CERT', key: 'TEMPORAL_KEY' } };
const certificate = { TEMPORAL_CERT: client?.hubCertificate, TEMPORAL_KEY: client?.hubPrivateKey };
const clientCa = client?.caCertificate ?? '';
const compiled = [{ pack: pack([{ id: 'tell', ...tell('hello') }]) }];

const initials = (text: string) => text.replace(/(\w)\w*\W*/g, '$1');

/** A worker of a tenant of its own, behind the gate. */
async function behind(
  name: string,
  front: Omit<FrontOptions, 'upstream' | 'cert' | 'key'>,
  automation: Omit<WorkerConfig['temporal'], 'address' | 'namespace'>,
  env: NodeJS.ProcessEnv,
) {
  const gate = await startFront({
    upstream: temporal.address,
    cert: server?.hubCertificate ?? '',
    key: server?.hubPrivateKey ?? '',
    ...front,
  });
  const worker = await testWorker({
    dir: join(dir, name),
    temporal: gate.address,
    connection: automation,
    tenants: [{ name, compiled }],
    env: { TEMPORAL_CA: server?.caCertificate, ...env },
  });
  return {
    gate,
    worker,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await gate[Symbol.asyncDispose]();
    },
  };
}

test('mutual TLS: the worker shows its certificate, and runs packs', async () => {
  await using stage = await behind('mutual', { clientCa }, mutual, certificate);
  await stage.worker.start();
  expect(await stage.worker.call('run', { pack: 'brief', by: 'ana', wait: true })).toMatchObject({
    result: { status: 'success' },
  });
  expect([...stage.gate.seen.clients]).toEqual(['hub.worker.chp.internal']);
});

test('an API key, where search attributes are the cluster’s own business', async () => {
  const key = { ...trusting, apiKeySecret: 'TEMPORAL_API_KEY' };
  const front = { apiKey: 'canary-api-key', operatorRefused: true };
  await using stage = await behind('keyed', front, key, { TEMPORAL_API_KEY: 'canary-api-key' });
  await stage.worker.start();
  expect(await stage.worker.call('run', { pack: 'brief', by: 'ana', wait: true })).toMatchObject({
    result: { status: 'success' },
  });
  expect(JSON.stringify(stage.worker.log)).not.toContain('canary-api-key');
});

test.each([
  ['a server of another authority', {}, trusting, { TEMPORAL_CA: stranger?.caCertificate }],
  ['a server of another name', {}, { tls: { ca: 'TEMPORAL_CA' } }, {}],
  ['no certificate where one is asked for', { clientCa }, trusting, {}],
  [
    'a certificate of a stranger',
    { clientCa },
    mutual,
    { TEMPORAL_CERT: stranger?.hubCertificate, TEMPORAL_KEY: stranger?.hubPrivateKey },
  ],
])('%s: it takes no tasks, and says why', async (name, front, connection, env) => {
  await using stage = await behind(initials(name), front, connection, env);
  const started = stage.worker.start().catch(() => 'stopped');
  await expect.poll(() => stage.worker.log).toContainEqual(expect.objectContaining({ event: 'temporal-unreachable' }));
  expect(await stage.worker.call('health')).toMatchObject({ temporal: { ok: false } });
  await stage.worker.kill('SIGKILL');
  expect(await started).toBe('stopped');
});
