import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WorkerConfig } from '../../../../src/core/worker-protocol.ts';
import { loadConfig, parseConfig } from '../../../../src/services/worker/config.ts';
import { compiledPack, installed, workerConfig } from './fixture.ts';

const tenant = (config: WorkerConfig) => config.tenants[0] as WorkerConfig['tenants'][number];

test.each<[string, (config: any) => void, RegExp]>([
  [
    'another schema',
    (config) => {
      config.schema = 2;
    },
    /schema/,
  ],
  [
    'an unknown key',
    (config) => {
      config.extra = 1;
    },
    /extra is not known/,
  ],
  [
    'an address without a port',
    (config) => {
      config.temporal.address = 'host';
    },
    /worker.json\/temporal\/address/,
  ],
  [
    'a secret by value',
    (config) => {
      config.tenants[0].payloadKeySecret = 'a b';
    },
    /payloadKeySecret/,
  ],
  [
    'a tenant twice',
    (config) => {
      config.tenants.push(config.tenants[0]);
    },
    /in it twice/,
  ],
  [
    'a port that is none',
    (config) => {
      config.tenants[0].gateway.port = 99999;
    },
    /gateway\/port/,
  ],
])('worker.json is refused whole: %s', (_, change, message) => {
  const config = workerConfig();
  change(config);
  expect(() => parseConfig(JSON.stringify(config))).toThrow(message);
});

test('no JSON and no file are told', () => {
  expect(() => parseConfig('{')).toThrow('not JSON');
  expect(() => loadConfig('/nowhere/worker.json')).toThrow("can't be read");
});

test('packs are taken by their digest; a bad one is left out alone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chp-config-'));
  for (const name of ['worker', 'packs']) mkdirSync(join(dir, name));
  const [good, newer, edited, other] = [
    compiledPack({ id: 'good' }),
    compiledPack({ id: 'newer', version: '2.0.0' }),
    compiledPack({ id: 'edited' }),
    compiledPack({ id: 'other', version: '9.0.0' }),
  ];
  const put = (name: string, value: unknown) =>
    writeFileSync(join(dir, 'packs', `${name}.json`), JSON.stringify(value));
  put('good', good);
  put(newer.digest, newer);
  put('edited', { ...edited, description: 'Something else altogether.' });
  put('other', other);
  const config = workerConfig();
  tenant(config).packs = [
    installed(good),
    installed(newer),
    installed(edited),
    installed({ ...other, version: '1.0.0' }),
    installed(compiledPack({ id: 'gone' })),
  ];
  writeFileSync(join(dir, 'worker', 'worker.json'), JSON.stringify(config));
  expect(loadConfig(join(dir, 'worker', 'worker.json')).tenants[0]?.packs.map(({ problem }) => problem)).toEqual([
    null,
    null,
    'the compiled pack does not match its digest',
    'the compiled pack is other 9.0.0',
    'the compiled pack is not there',
  ]);
});
