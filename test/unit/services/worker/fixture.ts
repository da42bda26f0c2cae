import { digestOf } from '../../../../src/core/digest.ts';
import type { InstalledPack, WorkerConfig } from '../../../../src/core/worker-protocol.ts';
import type { CompiledPack } from '../../../../src/packs/compiled.ts';
import type { PackTrigger } from '../../../../src/packs/schema.ts';
import type { LoadedPack, LoadedTenant } from '../../../../src/services/worker/config.ts';

export function compiledPack(more: Partial<CompiledPack> = {}): CompiledPack {
  const pack: Omit<CompiledPack, 'digest'> = {
    schema: 1,
    id: 'brief',
    version: '1.0.0',
    description: 'A pack of the tests.',
    authors: ['chp'],
    licence: 'Apache-2.0',
    triggers: [{ manual: true }],
    steps: [{ id: 'tell', uses: 'notify', with: { to: 'ana', text: 'hello' } }],
    prompts: {},
    ...more,
  };
  return { ...pack, digest: digestOf(pack) };
}

export const installed = ({ id, version, digest }: CompiledPack, more: Partial<InstalledPack> = {}): InstalledPack => ({
  id,
  version,
  integrity: 'sha512-x',
  digest,
  inputs: {},
  enabled: true,
  ...more,
});

export function loadedPack(more: Partial<CompiledPack> = {}, install: Partial<InstalledPack> = {}): LoadedPack {
  const compiled = compiledPack(more);
  return { ...installed(compiled, install), compiled, problem: null };
}

export const withTriggers = (...triggers: PackTrigger[]): LoadedPack => loadedPack({ triggers });

export function workerConfig(): WorkerConfig {
  return {
    schema: 1,
    temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    build: 'test',
    tenants: [
      {
        name: 'smith',
        timezone: 'Europe/Berlin',
        members: [
          { id: 'ana', name: 'Ana', role: 'Adult' },
          { id: 'ben', name: 'Ben', role: 'Child' },
        ],
        gateway: { port: 18789, tokenSecret: 'CHP_GATEWAY_TOKEN', agent: 'main' },
        payloadKeySecret: 'CHP_PAYLOAD_KEY',
        packs: [],
        connectors: {},
        notify: {},
      },
    ],
  };
}

export const loadedTenant = (...packs: LoadedPack[]): LoadedTenant => ({
  ...(workerConfig().tenants[0] as WorkerConfig['tenants'][number]),
  packs,
});
