import { existsSync, readFileSync } from 'node:fs';
import type { AgentEvent, AgentRequest, ApplyResult } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import type { Frame } from '../../core/frames.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { Activation, type ActivationEvents } from './activation.ts';
import { gatewayGreets } from './greeting.ts';
import type { Host } from './host.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';
import { lockStore, lockTenant } from './locks.ts';
import { managerFor } from './manager/choose.ts';
import { nextWithin } from './next-within.ts';
import { assertOurs, receiveMissing } from './receive.ts';
import { currentGeneration, driftOf, storedGeneration } from './status.ts';
import { Store } from './store.ts';

/** A gateway that runs greets within milliseconds. */
const GREETING_MS = 3_000;

/**
 * Takes in what the host lacks of a generation and activates it; costs next to nothing when it runs already. Answers by
 * itself, with an `ApplyResult`: what can wait until then is done after it, with the lock still held.
 */
export async function apply(
  host: Host,
  request: Extract<AgentRequest, { op: 'apply' }>,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<void> {
  const { generation: signed, tenant } = request;
  assertOurs(host.root, tenant, signed);
  if (request.keep !== undefined) new Ledger(host.root, tenant).setKeep(request.keep);
  const activation = new Activation(host, tenant, managerFor(host, tenant));
  const result = (value: ApplyResult): Promise<void> => send({ event: 'result', result: value });
  const converged: ApplyResult = { outcome: 'converged', generation: signed.digest, checks: [], timings: {} };
  if (!request.force && (await isConverged(host, tenant, signed.digest))) return await result(converged);

  await using _lock = await lockTenant(host.root, tenant, 'apply');
  await activation.recover().catch((error: unknown) => {
    // What was put back does not answer: this push may be what mends it.
    if (!(error instanceof ChpError && error.code === 'UNHEALTHY')) throw error;
  });
  // Whoever held the lock before us may have done it.
  if (!request.force && (await isConverged(host, tenant, signed.digest))) return await result(converged);
  const store = new Store(host.root);
  await using filling = await lockStore(host.root, `apply ${tenant}`);
  await receiveMissing(store, signed.manifest, frames, send);
  // Nothing but the answer to the last question comes from there now, or the end.
  const answer = frames.next();
  let present = true;
  answer.then(
    ({ done }) => {
      present = !done;
    },
    () => {
      present = false;
    },
  );
  const events: ActivationEvents = {
    present: () => present,
    staged: () => filling.release(),
    step: (step, ms) => void send({ event: 'step', step, ms }),
    check: (check) => void send({ event: 'check', check }),
    confirm: async () => {
      await send({ event: 'awaiting-confirm', withinS: request.confirmWithinS });
      return confirmed(answer, request.confirmWithinS);
    },
    note: (text) => void send({ event: 'progress', what: text, done: 0, total: 0 }),
  };
  await result(
    await activation.apply(signed, events, request.rollback ? { state: request.rollback.state } : null, request),
  );
  await activation.tidy();
}

/** Same generation, nothing changed by hand, every service running. */
async function isConverged(host: Host, tenant: string, digest: string): Promise<boolean> {
  const layout = tenantLayout(host.root, tenant);
  if (currentGeneration(host.root, tenant) !== digest || new Journal(layout.journal).open()) return false;
  const live = existsSync(layout.config) ? readFileSync(layout.config, 'utf8') : null;
  const manager = managerFor(host, tenant);
  const manifest = storedGeneration(host.root, tenant, digest)?.manifest;
  if (!manifest) return false;
  const drift = await driftOf(host, digest, manifest, live, manager);
  if (drift.files.length > 0 || drift.config.some((change) => change.owner === 'operator')) return false;
  const services = await manager.status();
  if (!manifest.services.every(({ name }) => services.some((service) => service.name === name && service.active)))
    return false;
  return await gatewayGreets(manifest.checks.gateway.port, GREETING_MS);
}

async function confirmed(answer: Promise<IteratorResult<Frame>>, withinS: number): Promise<boolean> {
  try {
    const { done, value } = await nextWithin({ next: () => answer }, withinS * 1000);
    return !done && value.kind === 'json' && (value.value as { op?: string }).op === 'confirm';
  } catch {
    return false;
  }
}
