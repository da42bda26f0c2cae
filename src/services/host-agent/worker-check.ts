import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import type { Checked } from '../../core/ports/automation.ts';
import type { WorkerChecks, WorkerHealth } from '../../core/worker-protocol.ts';
import type { Seen, Verdict } from './gateway-checks.ts';
import { callWorker } from './worker-client.ts';

/** Temporal's first start and the worker's own take some seconds on a small hub. */
const START_MS = 60_000;

/**
 * Has the worker take in what the generation says, and compares what it then runs with what is meant: versions by digest,
 * and its connection to Temporal.
 */
export async function workerCheck(root: string, manifest: GenerationManifest): Promise<Seen> {
  const meant = manifest.checks.worker?.packs ?? [];
  for (const deadline = Date.now() + START_MS; ; await sleep(200)) {
    const seen = await ask(root, manifest.tenant);
    const lacks = seen.health ? missing(seen.health, manifest.tenant, meant) : seen.why;
    if (lacks === null) return `${meant.length} ${meant.length === 1 ? 'pack' : 'packs'}, Temporal answers`;
    if (Date.now() > deadline || seen.final) return { verdict: 'fail', detail: lacks };
  }
}

/** Connectors and ways to notify, each driven: what others run may be away, and is no reason to take anything back. */
export async function partChecks(
  root: string,
  tenant: string,
): Promise<{ id: string; title: string; seen: Verdict }[]> {
  const seen = ({ ok, detail }: Checked): Verdict => ({ verdict: ok ? 'pass' : 'warn', detail });
  try {
    const { connectors, channels } = (await callWorker(tenantLayout(root, tenant), 'check', {})) as WorkerChecks;
    return [
      ...connectors.map((one) => ({ id: `connector.${one.name}`, title: `Connector ${one.name}`, seen: seen(one) })),
      ...channels.map((one) => ({ id: `notify.${one.name}`, title: `Messages by ${one.name}`, seen: seen(one) })),
    ];
  } catch (error) {
    // A generation of earlier has a worker that can't be asked.
    const detail = (error as Error).message;
    return [{ id: 'worker.parts', title: 'Connectors and messages', seen: { verdict: 'skipped', detail } }];
  }
}

async function ask(
  root: string,
  tenant: string,
): Promise<{ health: WorkerHealth; why?: never; final?: never } | { health: null; why: string; final: boolean }> {
  try {
    return { health: (await callWorker(tenantLayout(root, tenant), 'reload', {})) as WorkerHealth };
  } catch (error) {
    // A worker that is not there yet may still come; one that refuses what it was given will not change its mind.
    const coming = error instanceof ChpError && ['NOT_FOUND', 'AGENT_FAILED', 'DEADLINE'].includes(error.code);
    const why = error instanceof ChpError && error.why ? `: ${error.why}` : '';
    return { health: null, why: `${(error as Error).message}${why}`, final: !coming };
  }
}

function missing(
  health: WorkerHealth,
  tenant: string,
  meant: readonly { id: string; version: string; digest: string }[],
): string | null {
  if (!health.temporal.ok) return `Temporal at ${health.temporal.address}: ${health.temporal.detail}`;
  const { packs = [], problem = null } = health.tenants.find(({ name }) => name === tenant) ?? {};
  if (problem !== null) return problem;
  const lacks = meant.filter(({ id, digest }) => !packs.some((pack) => pack.id === id && pack.digest === digest));
  if (lacks.length === 0) return null;
  const why = (id: string) => packs.find((pack) => pack.id === id)?.problem;
  const names = lacks.map(({ id, version }) => `${id}@${version}${why(id) ? ` (${why(id)})` : ''}`);
  return `it does not run ${names.join(', ')}`;
}
