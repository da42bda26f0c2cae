import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import {
  type AgentEvent,
  type AgentRequest,
  type ApplyResult,
  type BlobHeader,
  PROTOCOL_VERSION,
} from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import { type Frame, FrameWriter, readFrames } from '../../core/frames.ts';
import { verifyGeneration } from '../../core/generation.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import { assertTenantName } from '../../core/names.ts';
import type { HeldLock } from '../../core/ports/registry.ts';
import { Activation } from './activation.ts';
import { decryptSecret } from './credentials.ts';
import { GatewayClient } from './gateway-client.ts';
import { type Host, readHost } from './host.ts';
import { Journal } from './journal.ts';
import { managerFor } from './manager/choose.ts';
import { currentGeneration, driftOf, hostStatus, storedGeneration } from './status.ts';
import { Store } from './store.ts';

const LOCK_WAIT_MS = 10_000;

/** Answers one request of the operator's side (see core/agent-protocol.ts), then returns. */
export async function serve(root: string, input: Readable, output: Writable): Promise<void> {
  const writer = new FrameWriter(output);
  const frames = readFrames(input);
  const send = (event: AgentEvent): Promise<void> => writer.json(event).catch(() => {});
  try {
    const first = await frames.next();
    if (first.done || first.value.kind !== 'json') throw new ChpError('AGENT_FAILED', 'no request came');
    const request = first.value.value as AgentRequest;
    await send({ event: 'result', result: await answer(readHost(root), request, frames, send) });
  } catch (error) {
    const fault =
      error instanceof ChpError
        ? error
        : new ChpError('AGENT_FAILED', (error as Error).message ?? String(error), { cause: error });
    await send({ event: 'error', error: { ...fault.toJSON(), next: [...fault.next] } });
  }
}

async function answer(
  host: Host,
  request: AgentRequest,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<unknown> {
  if (request.op === 'facts') return { protocol: PROTOCOL_VERSION, node: process.version, ...host };
  if (!('tenant' in request)) throw new ChpError('AGENT_FAILED', `unexpected request "${request.op}"`);
  assertTenantName(request.tenant);
  const { tenant } = request;
  const manager = managerFor(host, tenant);
  const activation = new Activation(host, tenant, manager);
  switch (request.op) {
    case 'status':
      return hostStatus(host, tenant, manager);
    case 'check':
      return activation.check((check) => void send({ event: 'check', check }));
    case 'recover': {
      await using _lock = await lockTenant(host.root, tenant, 'recover');
      return { outcome: await activation.recover() };
    }
    case 'apply': {
      await using _lock = await lockTenant(host.root, tenant, 'apply');
      await activation.recover();
      return await apply(host, activation, request, frames, send);
    }
    case 'gateway': {
      const { manifest } = running(host.root, tenant);
      const token = await decryptSecret(host.root, manifest, manifest.checks.gateway.tokenSecret, new Store(host.root));
      await using client = await GatewayClient.connect(manifest.checks.gateway.port, token);
      return await client.call(request.method, request.params, 120_000, request.method === 'agent');
    }
    case 'logs': {
      const aborted = new AbortController();
      if (request.follow) void frames.next().finally(() => aborted.abort());
      for await (const line of manager.logs(request.service, request.lines, request.follow, aborted.signal))
        await send({ event: 'log', line });
      return null;
    }
    case 'remove': {
      await using _lock = await lockTenant(host.root, tenant, 'remove');
      await manager.disarmRecovery();
      await manager.remove();
      // The lock's own file lies in the folder; the kernel keeps the lock until we let go.
      await rm(tenantLayout(host.root, tenant).dir, { recursive: true, force: true });
      return null;
    }
  }
}

async function apply(
  host: Host,
  activation: Activation,
  request: Extract<AgentRequest, { op: 'apply' }>,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<ApplyResult> {
  const { generation: signed, tenant } = request;
  const layout = tenantLayout(host.root, tenant);
  verifyGeneration(signed, readFileSync(join(layout.keys, 'signing.pub'), 'utf8'));
  if (signed.manifest.tenant !== tenant)
    throw new ChpError('INTEGRITY', `the generation is for ${signed.manifest.tenant}, not ${tenant}`);
  if (!request.force && (await isConverged(host, tenant, signed.digest)))
    return { outcome: 'converged', generation: signed.digest, checks: [], timings: {} };

  const store = new Store(host.root);
  await using _store = await acquireFlock(join(hostLayout(host.root).root, 'store.lock'), holder(`apply ${tenant}`), {
    waitMs: 600_000,
  });
  const lacks = store.lacks(signed.manifest);
  await send({ event: 'need', ...lacks });
  for (let missing = lacks.objects.length + lacks.trees.length; missing > 0; missing--)
    await receiveBlob(store, frames, send);
  return await activation.apply(signed, {
    step: (step, ms) => void send({ event: 'step', step, ms }),
    check: (check) => void send({ event: 'check', check }),
    confirm: async () => {
      await send({ event: 'awaiting-confirm', withinS: request.confirmWithinS });
      return confirmed(frames, request.confirmWithinS);
    },
  });
}

/** Same generation, nothing changed by hand, every service running. */
async function isConverged(host: Host, tenant: string, digest: string): Promise<boolean> {
  const layout = tenantLayout(host.root, tenant);
  if (currentGeneration(host.root, tenant) !== digest || new Journal(layout.journal).open()) return false;
  const live = existsSync(layout.config) ? readFileSync(layout.config, 'utf8') : null;
  const drift = driftOf(host.root, tenant, digest, live);
  if (drift.files.length > 0 || drift.config.some((change) => change.owner === 'operator')) return false;
  const services = await managerFor(host, tenant).status();
  const wanted = running(host.root, tenant).manifest.services;
  return wanted.every(({ name }) => services.some((service) => service.name === name && service.active));
}

async function receiveBlob(
  store: Store,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<void> {
  const header = await frames.next();
  if (header.done || header.value.kind !== 'json')
    throw new ChpError('AGENT_FAILED', 'the connection was cut while files were sent');
  const blob = header.value.value as BlobHeader;
  let left = blob.size;
  let told = 0;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const frame = await frames.next();
      if (frame.done || frame.value.kind !== 'raw')
        throw new ChpError('AGENT_FAILED', 'the connection was cut while files were sent');
      left -= frame.value.bytes.byteLength;
      if (left < 0) throw new ChpError('AGENT_FAILED', 'more bytes came than were announced');
      yield frame.value.bytes;
      if (blob.size - left - told > 4 * 1024 * 1024) {
        told = blob.size - left;
        void send({
          event: 'progress',
          what: blob.kind === 'tree' ? 'runtime' : 'files',
          done: told,
          total: blob.size,
        });
      }
    }
  };
  await store.receive(blob, chunks());
}

async function confirmed(frames: AsyncGenerator<Frame>, withinS: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), withinS * 1000);
  });
  const said = frames
    .next()
    .then(({ done, value }) => !done && value.kind === 'json' && (value.value as { op?: string }).op === 'confirm')
    .catch(() => false);
  const answer = await Promise.race([late, said]);
  clearTimeout(timer);
  return answer;
}

function running(root: string, tenant: string): ReturnType<typeof storedGeneration> {
  const current = currentGeneration(root, tenant);
  if (!current)
    throw new ChpError('NOT_FOUND', `${tenant} runs nothing on this host`, { next: [`chp tenant apply ${tenant}`] });
  return storedGeneration(root, tenant, current);
}

/** The lock of one tenant, held by the kernel for this process. */
export function lockTenant(root: string, tenant: string, what: string, waitMs = LOCK_WAIT_MS): Promise<HeldLock> {
  const layout = tenantLayout(root, tenant);
  return acquireFlock(layout.lock, holder(what), { waitMs, holderFile: layout.holder });
}

function holder(what: string): Parameters<typeof acquireFlock>[1] {
  return { actor: userInfo().username, host: hostname(), pid: process.pid, what, since: new Date().toISOString() };
}
