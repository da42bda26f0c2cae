import type { DoctorRequest } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { needsRoot } from '../../core/host-layout.ts';
import { HOST_READINGS, type HostReadingName, type Reading } from '../../core/host-readings.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import { type DesiredBase, desiredDirs } from '../../playbooks/host-base/desired.ts';
import type { Context } from '../context.ts';
import { openForLook } from '../known-host.ts';
import type { Outcome } from './examine.ts';
import type { LinkReading, TenantReadings } from './tenant-readings.ts';

/** Over a slow line a reading may come this much later than its own deadline. */
const WIRE_MS = 5_000;
const LINK_MS = 30_000;

type Look = Awaited<ReturnType<typeof openForLook>>;

/** One process of the agent's on a tenant's host, which reads all that is wanted at once. */
export interface HostSession extends AsyncDisposable {
  link: Promise<LinkReading>;
  /** @returns failed with `root: 'link'` where the agent could not be asked at all */
  reading(name: HostReadingName): Promise<Outcome>;
  expected(name: 'base' | 'ports'): Promise<Outcome>;
}

export function openSession(
  context: Context,
  tenant: Tenant,
  wanted: readonly HostReadingName[],
  request: Pick<DoctorRequest, 'since' | 'deep'>,
): HostSession {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const waiting = new Map(wanted.map((name) => [name, Promise.withResolvers<Outcome>()]));
  const link = Promise.withResolvers<LinkReading>();
  const opened = Promise.withResolvers<Look>();
  opened.promise.catch(() => {});
  const timers: NodeJS.Timeout[] = [];
  const started = performance.now();
  const linked = (failedAt: LinkReading['failedAt'], why = '', next: readonly string[] = []): void =>
    link.resolve({ host: tenant.host, failedAt, why, next, ms: Math.round(performance.now() - started) });

  const after = (ms: number, work: () => void): void => void timers.push(setTimeout(work, ms));
  const late = (limitMs: number): Outcome => ({ state: 'failed', why: `no answer within ${limitMs / 1000} s` });

  const ask = async (): Promise<void> => {
    await using host = await openForLook({ ...context, ssh: { ...context.ssh, signal } }, tenant);
    opened.resolve(host);
    const agent = host.agent();
    if (!agent) return linked('agent', 'chp is not installed there', [`chp tenant apply ${tenant.name}`]);
    const paths = foldersOf(tenant, host).map(({ path }) => path);
    const take = (reading: Reading): void => {
      linked(null);
      waiting.get(reading.name)?.resolve(outcomeOf(reading));
    };
    // The quickest one is always asked for: it tells that the agent answers.
    const readings = [...new Set<HostReadingName>(['machine', ...wanted])];
    await agent.doctor(tenant.name, { ...request, readings, paths }, take, signal);
  };
  const done = ask().then(
    () => giveUp('the agent ended without it'),
    (error: unknown) => giveUp(messageOf(error), error),
  );
  const giveUp = (why: string, error?: unknown): void => {
    opened.reject(error);
    const { code = 'INTERNAL', next = [] } = error instanceof ChpError ? error : {};
    linked(stageOf(code, why), why, next);
    for (const { resolve } of waiting.values()) resolve({ state: 'failed', why, next });
  };

  after(LINK_MS, () => linked('reach', `no answer within ${LINK_MS / 1000} s`));
  void link.promise.then(() => {
    for (const [name, { resolve }] of waiting)
      after(HOST_READINGS[name] + WIRE_MS, () => resolve(late(HOST_READINGS[name])));
  });
  return {
    link: link.promise,
    reading: async (name) => {
      const { failedAt, why, next } = await link.promise;
      if (failedAt !== null) return { state: 'failed', root: 'link', why: `the host could not be asked: ${why}`, next };
      return waiting.get(name)?.promise ?? { state: 'skipped', why: 'it was not asked for' };
    },
    expected: async (name) => {
      const { failedAt, why, next } = await link.promise;
      if (failedAt !== null) return { state: 'failed', root: 'link', why: `the host could not be asked: ${why}`, next };
      const host = await opened.promise;
      return { state: 'ok', value: name === 'base' ? foldersOf(tenant, host) : portsOf(tenant, host) };
    },
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearTimeout(timer);
      stop.abort(new ChpError('INTERRUPTED', 'nothing more is read'));
      await done;
    },
  };
}

/** Which link of the chain an error speaks of. Pure. */
export function stageOf(code: string, why: string): LinkReading['failedAt'] {
  if (code.startsWith('HOST_KEY')) return 'host-key';
  if (code === 'HOST_AUTH') return 'login';
  if (code === 'HOST_UNFIT') return 'root';
  const atAgent = code === 'AGENT_FAILED' || code === 'NOT_FOUND' || /host agent/.test(why);
  return atAgent ? 'agent' : 'reach';
}

function outcomeOf(reading: Reading): Outcome {
  if (reading.state === 'ok') return { state: 'ok', value: reading.value };
  if (reading.state === 'skipped') return { state: 'skipped', why: reading.why };
  return { state: 'failed', why: reading.why, ...(reading.root ? { root: reading.root } : {}) };
}

/** Folders below the host's root, as the base's playbook would have them. */
function foldersOf(tenant: Tenant, { root, manager }: Pick<Look, 'root' | 'manager'>): TenantReadings['base'] {
  const base = {
    root,
    manager,
    tenant: tenant.name,
    firewallPorts: portsOf(tenant, { manager }),
    configWritable: tenant.ownership.family.length + tenant.ownership.agent.length > 0,
  } as unknown as DesiredBase;
  // Without root all of them are the login user's, whoever that is.
  return desiredDirs(base, 'root').map(({ path, mode, owner }) => ({
    ...{ path, mode },
    owner: needsRoot(manager) ? owner : null,
  }));
}

function portsOf(tenant: Tenant, { manager }: Pick<Look, 'manager'>): TenantReadings['ports'] {
  const hardens = needsRoot(manager) && tenant.host !== 'local' && tenant.hardening.firewall;
  return hardens ? [...tenant.hardening.allowPorts] : null;
}

function messageOf(error: unknown): string {
  if (!(error instanceof ChpError)) return String(error);
  return error.why ? `${error.message}: ${error.why}` : error.message;
}
