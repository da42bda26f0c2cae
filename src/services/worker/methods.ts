import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import { VerbFailure } from '../../core/ports/automation.ts';
import type { WorkerChecks } from '../../core/worker-protocol.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import type { RunInput } from '../../packs/interpret/ports.ts';
import { decide } from './decide.ts';
import { inspect } from './inspect.ts';
import { log } from './log.ts';
import { checkedRequest, type Method, type Request } from './requests.ts';
import { runInput, trialInput } from './run-input.ts';
import { cancelRun, describeRun, listRuns, startRun } from './runs.ts';
import type { Answer } from './socket.ts';
import { type Happening, startOn, written } from './triggers.ts';
import type { PackWorker, Tenancy } from './worker.ts';

const DEFAULT_LIMIT = 50;
const DRAIN_MS = 30_000;
const CHECK_MS = 10_000;

type Methods = { [M in Method]: (params: Request<M>) => Promise<unknown> };

/** What the socket answers (core/worker-protocol.ts). */
export function answersOf(worker: PackWorker): Answer {
  const methods = methodsOf(worker);
  return async (name, params) => {
    const [method, checked] = checkedRequest(name, params);
    try {
      return await methods[method](checked as never);
    } catch (error) {
      throw error instanceof VerbFailure ? asChpError(error) : error;
    }
  };
}

function methodsOf(worker: PackWorker): Methods {
  const at = (tenant: string | undefined) => worker.tenancy(tenant);
  const clientOf = (tenant: string | undefined) => at(tenant).worker.client;
  return {
    health: () => worker.health(),
    reload: () => worker.reload(),
    check: async ({ tenant }) => {
      const { connectors, notify } = at(tenant).runtime;
      const signal = AbortSignal.timeout(CHECK_MS);
      const [checked, channels] = await Promise.all([
        Promise.all([...connectors].map(async ([name, one]) => ({ name, ...(await one.check(signal)) }))),
        notify.check(signal),
      ]);
      return { connectors: checked, channels } satisfies WorkerChecks;
    },
    inspect: ({ tenant, since }) => {
      const { worker: own, runtime } = at(tenant);
      return inspect(own.client, runtime.tenant.name, since === undefined ? new Date(0) : new Date(since));
    },
    run: (params) => run(worker, params),
    try: async ({ tenant, pack, inputs = {}, by }) => {
      const tenancy = at(tenant);
      const input = trialInput(tenancy.runtime.tenant, pack as CompiledPack, inputs, by);
      return toEnd(tenancy, await started(tenancy, input, by));
    },
    trigger: async ({ tenant, kind, name, by, payload = null, id }) => {
      const { runtime, worker: own } = at(tenant);
      const posted: Happening = { kind: 'webhook', by, payload, id, matches: ({ webhook }) => webhook === name };
      const happening = kind === 'webhook' ? posted : written({ by, text: name, id, payload });
      return { runs: await startOn(own.client, runtime.tenant, happening) };
    },
    runs: ({ tenant, ...filter }) => listRuns(clientOf(tenant), at(tenant).runtime.tenant.name, filter),
    describe: ({ tenant, run }) => describeRun(clientOf(tenant), at(tenant).runtime.tenant.name, run),
    cancel: async ({ tenant, run, by }) => {
      await cancelRun(clientOf(tenant), at(tenant).runtime.tenant.name, run);
      at(tenant).audit.append({ key: `${run} cancel`, run, event: 'run.cancelled', actor: by, details: {} });
      return {};
    },
    inbox: ({ tenant, ...filter }) => at(tenant).runtime.notify.inbox({ limit: DEFAULT_LIMIT, ...filter }),
    messages: ({ tenant, ...filter }) => at(tenant).runtime.notify.messages({ limit: DEFAULT_LIMIT, ...filter }),
    decide: ({ tenant, ...answer }) => decide(clientOf(tenant), at(tenant).runtime.notify, answer),
    audit: async ({ tenant, limit = DEFAULT_LIMIT }) => at(tenant).audit.entries(limit),
    drain: async ({ withinMs = DRAIN_MS }) => {
      await Promise.race([worker.drain(), sleep(withinMs, undefined, { ref: false })]);
      return {};
    },
  };
}

async function run(worker: PackWorker, params: Request<'run'>): Promise<unknown> {
  const tenancy = worker.tenancy(params.tenant);
  const input = runInput(tenancy.runtime.tenant, params.pack, params.inputs ?? {}, {
    trigger: { kind: 'manual', by: params.by, payload: null },
    dryRun: params.dryRun ?? false,
  });
  const id = await started(tenancy, input, params.by);
  return params.wait ? toEnd(tenancy, id) : { run: id };
}

async function started({ worker }: Tenancy, input: RunInput, by: string): Promise<string> {
  const id = await startRun(worker.client, input);
  if (id === null) throw new ChpError('CONFLICT', 'a run of that id goes on already');
  log('info', 'run-started', { run: id, by });
  return id;
}

async function toEnd({ worker: { client }, runtime }: Tenancy, id: string): Promise<unknown> {
  try {
    return { run: id, result: await client.workflow.getHandle(id).result() };
  } catch {
    const { status, reason, steps } = await describeRun(client, runtime.tenant.name, id);
    return { run: id, result: { status, reason, outputs: {}, steps } };
  }
}

function asChpError({ kind, message, cause }: VerbFailure): ChpError {
  const code = kind === 'not-found' ? 'NOT_FOUND' : kind === 'unavailable' ? 'UNHEALTHY' : 'BAD_INPUT';
  return new ChpError(code, message, { cause });
}
