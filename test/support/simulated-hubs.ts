import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../src/core/errors.ts';
import type { RolloutSteps } from '../../src/operations/rollout/steps.ts';
import { withTenantJob } from '../../src/operations/tenant-job.ts';

export type Behaviour = 'well' | 'offline' | 'broken' | 'ill-later';

export interface Effect {
  tenant: string;
  generation: string;
  at: number;
}

/** Hubs of many families in one server: what they are told outlives whoever told it. */
export interface SimulatedHubs extends AsyncDisposable {
  port: number;
  /** How long a change takes, ms. */
  takes: number;
  /** Every change that was really made. */
  effects: Effect[];
  /** Most changes that were being made at one time. */
  most: number;
  be(tenant: string, behaviour: Behaviour): void;
}

interface Request {
  tenant: string;
  generation: string | null;
}

export async function simulatedHubs(takes = 5): Promise<SimulatedHubs> {
  const behaviours = new Map<string, Behaviour>();
  const running = new Map<string, string>();
  let busy = 0;
  const hubs: SimulatedHubs = {
    port: 0,
    takes,
    effects: [],
    most: 0,
    be: (tenant, behaviour) => void behaviours.set(tenant, behaviour),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  /** As the host agent does: what runs already is not activated again, and what was begun is ended. */
  const answer = async ({ tenant, generation }: Request): Promise<string> => {
    const behaviour = behaviours.get(tenant) ?? 'well';
    if (generation === null) return behaviour === 'ill-later' ? 'ill' : 'well';
    if (running.get(tenant) === generation) return 'converged';
    hubs.most = Math.max(hubs.most, ++busy);
    await sleep(hubs.takes);
    busy--;
    if (behaviour === 'broken') return 'reverted';
    if (running.get(tenant) === generation) return 'converged';
    running.set(tenant, generation);
    hubs.effects.push({ tenant, generation, at: Date.now() });
    return 'committed';
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    const lines = createInterface({ input: socket }).on('error', () => {});
    lines.on('line', async (line) => {
      const request = JSON.parse(line) as Request;
      if (behaviours.get(request.tenant) === 'offline') socket.destroy();
      else socket.write(`${await answer(request)}\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  hubs.port = (server.address() as AddressInfo).port;
  return hubs;
}

/** Steps that change simulated hubs: with the lock, the journal and the audit of a real change, or (`bare`) without. */
export function simulatedSteps(port: number, bare = false): RolloutSteps {
  const change = async (tenant: string, generation: string): Promise<string> => {
    const said = await ask(port, { tenant, generation });
    if (said === 'reverted') throw new ChpError('UNHEALTHY', 'the gateway did not answer; it went back');
    return said;
  };
  return {
    apply: {
      run: (context, tenant, { generation }) =>
        bare
          ? change(tenant, String(generation))
          : withTenantJob(context, tenant, 'apply', {}, (job) =>
              job.step('activate', () => change(tenant, String(generation))),
            ),
      check: async (_, tenant) => {
        if ((await ask(port, { tenant, generation: null })) !== 'well')
          throw new ChpError('UNHEALTHY', 'the gateway answers no more');
      },
    },
  };
}

async function ask(port: number, request: Request): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    const answered = new Promise<string>((resolve, reject) => {
      // A cut connection is an error of the reader's, too.
      createInterface({ input: socket })
        .on('error', () => {})
        .once('line', resolve);
      socket.once('close', () => reject(new ChpError('HOST_UNREACHABLE', `no connection to ${request.tenant}`)));
      socket.once('error', () => {});
    });
    socket.write(`${JSON.stringify(request)}\n`);
    return await answered;
  } finally {
    socket.destroy();
  }
}
