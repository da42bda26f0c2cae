import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayClient } from '../../../src/core/gateway-client.ts';
import { environmentOf, processesOf } from '../../../src/services/host-agent/processes.ts';
import { AgentHost } from '../../support/agent-host.ts';
import { pidOf } from './support.ts';

let host: AgentHost;
beforeAll(async () => {
  host = await AgentHost.create();
});
afterAll(() => host[Symbol.asyncDispose]());

const CANARY = 'canary-7f3a91c2-value';

test('a rotated secret is in force, the old one is not, and the process was started anew', async () => {
  await host.apply(await host.generation());
  const before = await pidOf(host, 'gateway');
  const old = host.token;
  host.token = 'token-two-fedcba9876543210';
  expect((await host.apply(await host.generation())).outcome).toBe('committed');
  expect(await pidOf(host, 'gateway')).not.toBe(before);
  await expect(GatewayClient.connect(host.port, old)).rejects.toMatchObject({ code: 'UNHEALTHY' });
  await using _client = await GatewayClient.connect(host.port, host.token);
});

test('a secret is seen by its process alone', async () => {
  await host.apply(await host.generation({ secrets: { CANARY_KEY: CANARY } }));
  const gateway = await pidOf(host, 'gateway');
  const holders = processesOf(host.root, host.tenant).filter((pid) => environmentOf(pid)?.get('CANARY_KEY') === CANARY);
  expect(holders).toEqual([gateway]);
  expect(execFileSync('ps', ['-eo', 'args', 'ww'], { encoding: 'utf8' })).not.toContain(CANARY);
  const found = readdirSync(host.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/trees/'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(CANARY));
  expect(found).toEqual([join(host.layout.credentials, 'CANARY_KEY')]);
  expect(statSync(found[0] ?? '').mode & 0o777).toBe(0o600);
  expect(statSync(host.layout.credentials).mode & 0o777).toBe(0o700);
});

test('a secret that was taken away is gone from the host', async () => {
  await host.apply(await host.generation());
  expect(readdirSync(host.layout.credentials).filter((name) => name.startsWith('CANARY'))).toEqual([]);
  expect(environmentOf((await pidOf(host, 'gateway')) ?? 0)?.has('CANARY_KEY')).toBe(false);
});
