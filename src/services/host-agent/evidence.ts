import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { GenerationFailure } from '../../core/host-generations.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import type { Manager } from './manager/manager.ts';
import { namesIn } from './names-in.ts';

const LINES = 400;
const MAX_CHARACTERS = 128 * 1024;
/** Failures whose evidence is kept. */
const KEPT = 5;
/** A log that does not come must not keep the family without its gateway. */
const PATIENCE_MS = 5_000;

/**
 * Keeps why a generation failed and what its services said last, before they are stopped and it is taken back. Never
 * stands in the way of that: what can't be kept is not.
 */
export async function keepEvidence(
  root: string,
  tenant: string,
  failed: Digest,
  { services, manager, ...failure }: Omit<GenerationFailure, 'logs'> & { services: string[]; manager: Manager },
): Promise<void> {
  const { failed: folder } = tenantLayout(root, tenant);
  const final = join(folder, failed);
  try {
    await rm(`${final}.new`, { recursive: true, force: true });
    await mkdir(`${final}.new`, { recursive: true, mode: 0o700 });
    for (const service of services)
      await writeFile(join(`${final}.new`, `${service}.log`), await lastWords(manager, service), { mode: 0o600 });
    await writeFile(join(`${final}.new`, 'failure.json'), JSON.stringify(failure), { mode: 0o600, flush: true });
    await rm(final, { recursive: true, force: true });
    await rename(`${final}.new`, final);
    await pruneEvidence(folder);
  } catch {
    await rm(`${final}.new`, { recursive: true, force: true }).catch(() => {});
  }
}

/** Failures that are still known, by digest. */
export function failures(root: string, tenant: string): Map<Digest, GenerationFailure> {
  const { failed } = tenantLayout(root, tenant);
  const found = new Map<Digest, GenerationFailure>();
  for (const digest of namesIn(failed)) {
    try {
      const failure = JSON.parse(readFileSync(join(failed, digest, 'failure.json'), 'utf8')) as GenerationFailure;
      const logs = namesIn(join(failed, digest)).filter((name) => name.endsWith('.log'));
      found.set(digest, { ...failure, logs: logs.sort() });
    } catch {
      // Half written, or removed meanwhile.
    }
  }
  return found;
}

async function lastWords(manager: Manager, service: string): Promise<string> {
  let text = '';
  for await (const line of manager.logs(service, LINES, false, AbortSignal.timeout(PATIENCE_MS))) text += `${line}\n`;
  return text.slice(-MAX_CHARACTERS);
}

async function pruneEvidence(folder: string): Promise<void> {
  const at = (name: string): string => {
    try {
      return (JSON.parse(readFileSync(join(folder, name, 'failure.json'), 'utf8')) as GenerationFailure).at;
    } catch {
      return '';
    }
  };
  const newestFirst = (await readdir(folder)).sort((a, b) => (at(a) < at(b) ? 1 : -1));
  for (const name of newestFirst.slice(KEPT)) await rm(join(folder, name), { recursive: true, force: true });
}
