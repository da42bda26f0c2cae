import { expect, test } from 'vitest';
import { parseTenant } from '../../../src/adapters/documents/tenant-document.ts';
import { automationSecrets, automationServices, workerConfig } from '../../../src/packs/automation.ts';
import { parseConfig } from '../../../src/services/worker/config.ts';

const tenantWith = (automation: string) =>
  parseTenant(
    `schema: 1\nname: smith\ntopology: hub\nhost: local\nmodel: {provider: demo}\npacks: [{id: brief}]\n${automation}`,
    'tenant.yaml',
  ).tenant;

test('a server of the tenant’s own: on loopback, beside the worker', () => {
  const tenant = tenantWith('gateway: {port: 20000}');
  expect(automationServices(tenant).map(({ name }) => name)).toEqual(['temporal', 'worker']);
  expect(workerConfig(tenant, [], 'd'.repeat(64)).temporal).toEqual({
    address: '127.0.0.1:20007',
    namespace: 'default',
  });
});

test('a cluster: its address, namespace, certificates and key reach the worker by the names of their secrets', () => {
  const tenant = tenantWith(
    [
      'automation:',
      '  address: family.a1b2c.tmprl.cloud:7233',
      '  namespace: family.a1b2c',
      '  apiKey: TEMPORAL_API_KEY',
      '  tls: {ca: TEMPORAL_CA, cert: TEMPORAL_CERT, key: TEMPORAL_KEY, serverName: family.example}',
    ].join('\n'),
  );
  const [worker, ...more] = automationServices(tenant);
  expect([worker?.name, more]).toEqual(['worker', []]);
  const named = ['TEMPORAL_API_KEY', 'TEMPORAL_CA', 'TEMPORAL_CERT', 'TEMPORAL_KEY'];
  expect(worker?.credentials).toEqual(expect.arrayContaining(named));
  expect(automationSecrets(tenant)).toEqual(worker?.credentials);
  const config = workerConfig(tenant, [], 'd'.repeat(64));
  expect(parseConfig(JSON.stringify(config)).temporal).toEqual({
    address: 'family.a1b2c.tmprl.cloud:7233',
    namespace: 'family.a1b2c',
    apiKeySecret: 'TEMPORAL_API_KEY',
    tls: { ca: 'TEMPORAL_CA', cert: 'TEMPORAL_CERT', key: 'TEMPORAL_KEY', serverName: 'family.example' },
  });
});
