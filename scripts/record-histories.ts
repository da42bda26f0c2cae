import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { startGoogle } from '../test/fakes/google.ts';
import { startWorld } from '../test/integration/worker/world.ts';
import { startGateway } from '../test/support/gateway.ts';
import { HISTORIES, HISTORY_KEY, HISTORY_TENANT } from '../test/support/histories.ts';
import { SHAPES, type Stage } from '../test/support/history-shapes.ts';
import { startModel } from '../test/support/model.ts';

/**
 * `npm run histories [-- NAME…]`: runs packs on a real Temporal server, worker and gateway, and keeps the histories that are
 * missing in test/histories, or those that are named. One that is there stands for runs that go on in homes: when its
 * replay fails, the interpreter must be mended (or `patched`), and the history stays.
 */
const { History } = proto.temporal.api.history.v1;
const POLL_MS = 100;
const PATIENCE_MS = 60_000;

const named = process.argv.slice(2);
const wanted = Object.entries(SHAPES).filter(([name]) =>
  named.length > 0 ? named.includes(name) : !existsSync(join(HISTORIES, `${name}.json`)),
);
if (wanted.length > 0) await record();
console.log(`${wanted.length} recorded`);
process.exit();

async function record(): Promise<void> {
  const events = [{ summary: 'School play', start: { dateTime: at(1) }, end: { dateTime: at(2) } }];
  const google = await startGoogle({
    calendars: [
      { id: 'family@example.com', summary: 'Family', timeZone: 'Europe/Berlin', accessRole: 'owner', events },
    ],
  });
  const model = await startModel(() => ({ say: 'A school play at nine.' }));
  const packs = new Map(wanted.flatMap(([, shape]) => shape.packs).map((pack) => [pack.id, pack]));
  const secrets = {
    clientId: 'GOOGLE_CLIENT_ID',
    clientSecret: 'GOOGLE_CLIENT_SECRET',
    refreshToken: 'GOOGLE_REFRESH_TOKEN',
  };
  let gatewayPort = 1;
  const tenants = (connectors: Stage['connectors']) => [
    {
      connectors: { ...connectors, 'google-calendar': { url: google.url, secrets, settings: {} } },
      gateway: { port: gatewayPort, tokenSecret: 'CHP_GATEWAY_TOKEN', agent: 'main' },
      compiled: [...packs.values()].map((pack) => ({ pack })),
    },
  ];
  await using world = await startWorld(tenants, {
    CHP_PAYLOAD_KEY: HISTORY_KEY,
    GOOGLE_CLIENT_ID: 'client-1',
    GOOGLE_CLIENT_SECRET: 'client-secret-1',
    GOOGLE_REFRESH_TOKEN: 'refresh-token-1',
  });
  await using gateway = await startGateway(world.dir, model);
  gatewayPort = gateway.port;
  await world.worker.configure(tenants(world.connectors));
  await world.worker.start();
  const connection = await NativeConnection.connect({ address: world.temporal.address });
  const { workflow } = new Client({ connection });
  const stage = stageOf({ ...world, model });
  for (const [name, shape] of wanted) {
    model.answer = () => ({ say: 'A school play at nine.' });
    world.home.set('lock.front_door', 'locked');
    const workflowId = await shape.play(stage);
    const fetched = History.create(await workflow.getHandle(workflowId).fetchHistory());
    const history = History.toObject(fetched, { enums: String, longs: String, bytes: String });
    await writeFile(join(HISTORIES, `${name}.json`), `${JSON.stringify({ workflowId, history }, withoutMachine, 1)}\n`);
    console.log(`${name}: ${fetched.events.length} events`);
  }
  await connection.close();
  await model[Symbol.asyncDispose]();
  await google.close();
}

function stageOf(parts: Omit<Stage, 'start' | 'ended' | 'answer'>): Stage {
  const { call } = parts.worker;
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(POLL_MS)) {
      const seen = await look();
      if (seen !== undefined) return seen;
    }
    throw new Error(`${what} took too long`);
  };
  return {
    ...parts,
    start: async (pack, inputs = {}) => (await call('run', { tenant: HISTORY_TENANT, pack, inputs, by: 'ana' })).run,
    async ended(run, status) {
      const { status: is, reason } = await until(run, async () => {
        const seen = await call('describe', { run });
        return seen.status === 'running' ? undefined : seen;
      });
      if (is !== status) throw new Error(`${run} ended as ${is}: ${reason}`);
    },
    async answer(run, by, verdict) {
      const { id } = await until<{ id: string }>(`the question of ${run}`, async () =>
        (await call('inbox', { open: true })).find((envelope: { run: string }) => envelope.run === run),
      );
      await call('decide', { envelope: id, by, verdict });
    },
  };
}

/** So many hours from now: today or tomorrow, the brief asks for what is there. */
function at(hours: number): string {
  return new Date(Date.now() + hours * 3600_000).toISOString();
}

/** Who wrote an event is of no account, and names the machine: `19500@host`, also as the name of a worker's own queue. */
function withoutMachine(_key: string, value: unknown): unknown {
  return typeof value === 'string' && /^\d+@/.test(value) ? 'recorded' : value;
}
