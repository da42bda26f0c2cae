import { rm } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { type AgentEvent, PROTOCOL_VERSION } from '../../core/agent-protocol.ts';
import { diskFault } from '../../core/disk-fault.ts';
import { ChpError } from '../../core/errors.ts';
import { type Frame, FrameWriter, readFrames } from '../../core/frames.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import { turnIsOver } from '../../core/gateway-turn.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { Redactor } from '../../core/redact.ts';
import type { WorkerMethod } from '../../core/worker-protocol.ts';
import { Activation } from './activation.ts';
import { apply } from './apply.ts';
import { backup } from './backup/backup.ts';
import { decryptSecret, secretsOf } from './credentials.ts';
import { readForDoctor } from './doctor/read.ts';
import { hostGenerations, pinGeneration } from './generations.ts';
import { readHost, readRoot } from './host.ts';
import { Ledger } from './ledger.ts';
import { lockTenant } from './locks.ts';
import { managerFor } from './manager/choose.ts';
import { measure } from './measure.ts';
import { rehearse } from './rehearse.ts';
import { assertRequest } from './request.ts';
import { pruneGenerations, pruneStore } from './retention.ts';
import { rewindPlan } from './rewind.ts';
import { hostStatus, running } from './status.ts';
import { Store } from './store.ts';
import { callWorker } from './worker-client.ts';

/** Answers one request of the operator's side (see core/agent-protocol.ts), then returns. */
export async function serve(root: string, input: Readable, output: Writable): Promise<void> {
  const writer = new FrameWriter(output);
  const frames = readFrames(input);
  const send = async (event: AgentEvent): Promise<void> => {
    if (['step', 'check', 'reading'].includes(event.event)) writer.jsonSoon(event);
    else await writer.json(event).catch(() => {});
  };
  try {
    const request = assertRequest((await frames.next()).value ?? undefined);
    if (request.op === 'apply') await apply(readHost(root, request.tenant), request, frames, send);
    else await send({ event: 'result', result: await answer(root, request, frames, send) });
  } catch (error) {
    const fault = faultOf(error);
    await send({ event: 'error', error: { ...fault.toJSON(), next: [...fault.next] } });
  }
}

function faultOf(error: unknown): ChpError {
  if (error instanceof ChpError && error.code !== 'AGENT_FAILED') return error;
  const other = error instanceof ChpError ? error : new ChpError('AGENT_FAILED', messageOf(error), { cause: error });
  return diskFault(error) ?? other;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function answer(
  root: string,
  request: Exclude<ReturnType<typeof assertRequest>, { op: 'apply' }>,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<unknown> {
  if (request.op === 'facts') return { protocol: PROTOCOL_VERSION, node: process.version, ...readRoot(root) };
  const { tenant } = request;
  const host = readHost(root, tenant);
  const manager = managerFor(host, tenant);
  const activation = new Activation(host, tenant, manager);
  switch (request.op) {
    case 'status':
      return hostStatus(host, tenant, manager);
    case 'measure':
      return await measure(host, tenant, request.trees);
    case 'rehearse':
      return await rehearse(host, request, frames, send);
    case 'check':
      return activation.check((check) => void send({ event: 'check', check }));
    case 'doctor':
      await readForDoctor(host, request, manager, (reading) => void send({ event: 'reading', reading }));
      return null;
    case 'recover': {
      await using _lock = await lockTenant(host.root, tenant, 'recover');
      return { outcome: await activation.recover() };
    }
    case 'generations':
      return hostGenerations(host.root, tenant);
    case 'rewind-plan': {
      const { digest, manifest } = request.generation;
      return rewindPlan(host.root, tenant, digest, manifest.runtime);
    }
    case 'pin': {
      await using _lock = await lockTenant(host.root, tenant, 'pin');
      pinGeneration(host.root, tenant, request.generation, request.pinned);
      return null;
    }
    case 'prune': {
      await using _lock = await lockTenant(host.root, tenant, 'prune');
      const { keep, dryRun } = request;
      if (!dryRun) new Ledger(host.root, tenant).setKeep(keep);
      const pruned = await pruneGenerations(host.root, tenant, { keep, dryRun });
      if (!dryRun) await pruneStore(host);
      return pruned;
    }
    case 'backup': {
      await using _lock = await lockTenant(host.root, tenant, `backup ${request.work}`);
      await activation.recover();
      return await backup(host, request, activation, send);
    }
    case 'gateway': {
      const { manifest } = running(host.root, tenant);
      const token = await decryptSecret(host.root, manifest, manifest.checks.gateway.tokenSecret, new Store(host.root));
      await using client = await GatewayClient.connect(manifest.checks.gateway.port, token);
      return await client.call(request.method, request.params, 120_000, turnIsOver);
    }
    case 'worker':
      return await callWorker(tenantLayout(host.root, tenant), request.method as WorkerMethod, request.params);
    case 'logs': {
      const aborted = new AbortController();
      if (request.follow)
        void frames.next().then(
          () => aborted.abort(),
          () => aborted.abort(),
        );
      const redactor = new Redactor();
      if (request.redact) redactor.add(...(await secretsOf(root, running(root, tenant).manifest, new Store(root))));
      for await (const line of manager.logs(request.service, request.lines, request.follow, aborted.signal))
        await send({ event: 'log', line: redactor.text(line) });
      return null;
    }
    case 'remove': {
      await using _lock = await lockTenant(host.root, tenant, 'remove');
      await manager.disarmRecovery();
      await manager.remove();
      // The lock's own file lies in the folder; the kernel keeps the lock until we let go.
      await rm(tenantLayout(host.root, tenant).dir, { recursive: true, force: true });
      await pruneStore(host);
      return null;
    }
  }
}
