import type { DatabaseSync } from 'node:sqlite';
import type { NativeConnection } from '@temporalio/worker';
import { ChpError } from '../../core/errors.ts';
import type { WorkerHealth } from '../../core/worker-protocol.ts';
import { AuditLog } from './audit.ts';
import { payloadKeys, TenantCodec } from './codec.ts';
import { type LoadedConfig, type LoadedTenant, loadConfig } from './config.ts';
import { connectTemporal, ensureSearchAttribute } from './connection.ts';
import { decide } from './decide.ts';
import { EffectsLedger } from './effects.ts';
import { log } from './log.ts';
import { reconcileSchedules } from './schedules.ts';
import { Secrets } from './secrets.ts';
import { openState } from './state.ts';
import { type TenantParts, TenantRuntime } from './tenant.ts';
import { TenantWorker } from './tenant-worker.ts';
import { startOn, TriggerFeed, written } from './triggers.ts';

export interface WorkerOptions {
  /** worker.json. */
  configPath: string;
  /** Where the ledger of effects and the audit trails lie. */
  stateDir: string;
  /** The prebuilt workflow bundle, and the module that exports `failureConverter`. */
  workflowBundle: string;
  failureConverterPath: string;
  env: NodeJS.ProcessEnv;
  parts: TenantParts;
}

/** Of one tenant: what it is told to be, and what runs. */
export interface Tenancy {
  runtime: TenantRuntime;
  worker: TenantWorker;
  audit: AuditLog;
  feed: TriggerFeed;
  schedules: ReadonlyMap<string, number>;
}

const SWEEP_MS = 60_000;
/** A tenant that could not be served may be later: its secret is there, Temporal is well again. */
const RETRY_MS = 15_000;

/** The process: many tenants, each with a task queue, keys and services of its own. One that is broken is left out alone. */
export class PackWorker {
  readonly #options: WorkerOptions;
  readonly #secrets: Secrets;
  readonly #db: DatabaseSync;
  readonly #effects: EffectsLedger;
  readonly #tenants = new Map<string, Tenancy>();
  readonly #problems = new Map<string, string>();
  readonly #stop = new AbortController();
  #config: LoadedConfig;
  #connection: NativeConnection | undefined;
  #busy: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];

  /** @throws BAD_DOCUMENT */
  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#secrets = new Secrets(options.env);
    this.#config = loadConfig(options.configPath);
    this.#db = openState(options.stateDir);
    this.#effects = new EffectsLedger(this.#db);
  }

  /** Resolves when every tenant takes tasks; waits for the Temporal server as long as it takes. */
  async start(): Promise<void> {
    const { temporal } = this.#config;
    this.#connection = await connectTemporal(temporal, this.#secrets, this.#stop.signal);
    await ensureSearchAttribute(this.#connection, temporal.namespace);
    await this.#applied();
    this.#timers = [
      setInterval(() => this.#sweep(), SWEEP_MS).unref(),
      setInterval(() => this.#problems.size > 0 && void this.#applied(), RETRY_MS).unref(),
    ];
    log('info', 'ready', { build: this.#config.build, tenants: this.#tenants.size });
  }

  /** Reads worker.json anew. Runs that go on keep what they began with. @throws BAD_DOCUMENT: then nothing changed */
  async reload(): Promise<WorkerHealth> {
    this.#config = loadConfig(this.#options.configPath);
    if (this.#connection) await this.#applied();
    return this.health();
  }

  async health(): Promise<WorkerHealth> {
    const { temporal, build, tenants } = this.#config;
    return {
      build,
      temporal: { address: temporal.address, ...(await this.#temporalHealth()) },
      tenants: tenants.map(({ name, packs }) => ({
        name,
        problem: this.#problems.get(name) ?? null,
        packs: packs.map(({ id, version, digest, problem }) => ({
          id,
          version,
          digest: problem === null ? digest : '',
          schedules: this.#tenants.get(name)?.schedules.get(id) ?? 0,
          problem,
        })),
      })),
      draining: this.#stop.signal.aborted,
    };
  }

  /** @throws NOT_FOUND, or BAD_INPUT when several tenants are served and none is named */
  tenancy(name: string | undefined): Tenancy {
    const [only, ...more] = this.#tenants.keys();
    if (name === undefined && more.length > 0)
      throw new ChpError('BAD_INPUT', 'which tenant? This worker serves several');
    const tenancy = this.#tenants.get(name ?? only ?? '');
    if (tenancy) return tenancy;
    const why =
      this.#problems.get(name ?? '') ?? (this.#connection ? undefined : 'It has no connection to Temporal yet.');
    throw new ChpError(
      'NOT_FOUND',
      `this worker does not serve ${name ?? 'a tenant'}`,
      why === undefined ? {} : { why },
    );
  }

  /** Takes no more tasks; what is being done ends, or is left to the next worker. */
  async drain(): Promise<void> {
    this.#stop.abort(new ChpError('INTERRUPTED', 'the worker stops'));
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#tenants.values()].map(({ worker }) => worker.stop()));
  }

  async close(): Promise<void> {
    await this.drain();
    await Promise.all([...this.#tenants.values()].map((tenancy) => closeTenancy(tenancy)));
    await this.#connection?.close();
    this.#effects.flush();
    this.#db.close();
  }

  /** Ends a run that does not come to an end by itself. */
  endPoisoned(workflowId: string, runId: string): void {
    const tenancy = this.#tenants.get(workflowId.split('/')[0] ?? '');
    log('error', 'run-ended', { run: workflowId, why: 'its pack computes without end' });
    void tenancy?.worker.client.workflow
      .getHandle(workflowId, runId)
      .terminate('Its pack computes without end; the worker stopped it.')
      .catch((error: unknown) => log('error', 'terminate-failed', { run: workflowId, error }));
  }

  /** One at a time: two reloads at once would reconcile against each other. */
  #applied(): Promise<void> {
    const next = this.#busy.then(() => this.#apply());
    this.#busy = next.catch(() => {});
    return next;
  }

  async #apply(): Promise<void> {
    const wanted = new Set(this.#config.tenants.map(({ name }) => name));
    for (const [name, tenancy] of this.#tenants)
      if (!wanted.has(name)) {
        this.#tenants.delete(name);
        await tenancy.worker.stop();
        await closeTenancy(tenancy);
      }
    this.#problems.clear();
    await Promise.all(
      this.#config.tenants.map((tenant) =>
        this.#applyTenant(tenant).catch((error: Error) => {
          this.#problems.set(tenant.name, error.message);
          log('error', 'tenant-failed', { tenant: tenant.name, error });
        }),
      ),
    );
  }

  async #applyTenant(tenant: LoadedTenant): Promise<void> {
    const current = this.#tenants.get(tenant.name);
    const tenancy = current ? await this.#renewed(current, tenant) : await this.#created(tenant);
    this.#tenants.set(tenant.name, tenancy);
    const schedules = await reconcileSchedules(tenancy.worker.client, tenant);
    this.#tenants.set(tenant.name, { ...tenancy, schedules });
  }

  async #renewed(current: Tenancy, tenant: LoadedTenant): Promise<Tenancy> {
    const { runtime, worker, audit, feed } = current;
    if (JSON.stringify(runtime.tenant) === JSON.stringify(tenant)) return current;
    const renewed = this.#runtime(tenant, audit);
    worker.use(renewed.services);
    feed.follow(renewed);
    this.#listen(renewed, worker);
    await runtime.close();
    return { ...current, runtime: renewed };
  }

  async #created(tenant: LoadedTenant): Promise<Tenancy> {
    const audit = new AuditLog(this.#options.stateDir, tenant.name);
    const runtime = this.#runtime(tenant, audit);
    const worker = new TenantWorker(
      {
        tenant: tenant.name,
        namespace: this.#config.temporal.namespace,
        build: this.#config.build,
        connection: this.#connection as NativeConnection,
        codec: this.#codec(tenant),
        workflowBundle: this.#options.workflowBundle,
        failureConverterPath: this.#options.failureConverterPath,
      },
      runtime.services,
    );
    await worker.start();
    this.#listen(runtime, worker);
    const feed = new TriggerFeed(worker.client);
    feed.follow(runtime);
    return { runtime, worker, audit, feed, schedules: new Map() };
  }

  #runtime(tenant: LoadedTenant, audit: AuditLog): TenantRuntime {
    const keep = { db: this.#db, effects: this.#effects, audit, codec: this.#codec(tenant), secrets: this.#secrets };
    return new TenantRuntime(tenant, keep, this.#options.parts);
  }

  #codec({ name, payloadKeySecret }: LoadedTenant): TenantCodec {
    return new TenantCodec(name, payloadKeys(this.#secrets.get(payloadKeySecret), payloadKeySecret));
  }

  #listen(runtime: TenantRuntime, worker: TenantWorker): void {
    runtime.notify.onDecision(async ({ verdict, ...answer }) => {
      await decide(worker.client, runtime.notify, {
        ...answer,
        verdict: verdict as Parameters<typeof decide>[2]['verdict'],
      });
    });
    runtime.notify.onMessage?.(async ({ by, text, id }) => {
      const runs = await startOn(worker.client, runtime.tenant, written({ by, text, id }));
      for (const run of runs) log('info', 'run-started', { run, by });
    });
  }

  #sweep(): void {
    for (const [tenant, { runtime }] of this.#tenants)
      runtime.agent.sweep().catch((error: unknown) => log('debug', 'sweep-failed', { tenant, error }));
  }

  async #temporalHealth(): Promise<{ ok: boolean; detail: string }> {
    const connection = this.#connection;
    if (!connection) return { ok: false, detail: 'not connected yet' };
    try {
      await connection.withDeadline(Date.now() + 3_000, () => connection.workflowService.getSystemInfo({}));
      return { ok: true, detail: 'connected' };
    } catch (error) {
      return { ok: false, detail: (error as Error).message };
    }
  }
}

async function closeTenancy({ feed, runtime }: Tenancy): Promise<void> {
  feed.close();
  await runtime.close();
}
