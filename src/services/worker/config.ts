import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { InstalledPack, WorkerConfig, WorkerTenant } from '../../core/worker-protocol.ts';
import { type CompiledPack, MAX_COMPILED_BYTES } from '../../packs/compiled.ts';
import { type CheckedConfig, WorkerConfigSchema } from './config-schema.ts';
import { problemIn } from './forms.ts';

/** An installed pack with what runs, or what is wrong with it: a bad one is left out alone. */
export type LoadedPack = InstalledPack &
  ({ compiled: CompiledPack; problem: null } | { compiled: null; problem: string });

export interface LoadedTenant extends Omit<WorkerTenant, 'packs'> {
  packs: LoadedPack[];
}

export interface LoadedConfig extends Omit<WorkerConfig, 'tenants'> {
  tenants: LoadedTenant[];
}

/**
 * worker.json and the compiled packs beside it (`../packs/<id>.json`; in a fleet, where two tenants may have two versions,
 * `../packs/<digest>.json`).
 * @throws BAD_DOCUMENT when worker.json is not what it must be; a bad pack is only marked
 */
export function loadConfig(path: string): LoadedConfig {
  const config = parseConfig(readText(path));
  const packs = join(dirname(dirname(path)), 'packs');
  return {
    ...config,
    tenants: config.tenants.map((tenant) => ({
      ...tenant,
      packs: tenant.packs.map((pack) => loadPack(pack, packs)),
    })),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ChpError('BAD_DOCUMENT', `${path} can't be read`, { why: (cause as Error).message, cause });
  }
}

/** @throws BAD_DOCUMENT */
export function parseConfig(text: string): CheckedConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ChpError('BAD_DOCUMENT', 'worker.json is not JSON', { why: (cause as Error).message, cause });
  }
  const wrong = problemIn(WorkerConfigSchema, value, 'worker.json');
  if (wrong !== null)
    throw new ChpError('BAD_DOCUMENT', wrong, {
      next: ['chp tenant apply writes the file that belongs to this worker.'],
    });
  const config = value as CheckedConfig;
  const names = config.tenants.map((tenant) => tenant.name);
  if (new Set(names).size < names.length) throw new ChpError('BAD_DOCUMENT', 'worker.json: a tenant is in it twice');
  return config;
}

function loadPack(pack: InstalledPack, dir: string): LoadedPack {
  try {
    return { ...pack, compiled: readPack(pack, dir), problem: null };
  } catch (error) {
    return { ...pack, compiled: null, problem: (error as Error).message };
  }
}

function readPack(pack: InstalledPack, dir: string): CompiledPack {
  const text = readFirst([join(dir, `${pack.digest}.json`), join(dir, `${pack.id}.json`)]);
  if (Buffer.byteLength(text) > MAX_COMPILED_BYTES * 2) throw new Error('the compiled pack is too large');
  const compiled = JSON.parse(text) as CompiledPack;
  const { digest, ...rest } = compiled;
  if (digest !== pack.digest || digestOf(rest) !== digest)
    throw new Error('the compiled pack does not match its digest');
  if (compiled.id !== pack.id || compiled.version !== pack.version)
    throw new Error(`the compiled pack is ${compiled.id} ${compiled.version}`);
  return compiled;
}

function readFirst(paths: readonly string[]): string {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('the compiled pack is not there');
}
