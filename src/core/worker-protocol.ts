import type { Digest } from './digest.ts';
import type { Checked } from './ports/automation.ts';
import type { Member } from './tenant/schema.ts';

/**
 * The worker answers on a Unix socket of its own in the tenant's run folder: JSON lines, one request and one answer each
 * (`{id, method, params}` → `{id, ok: true, result}` or `{id, ok: false, error: {code, message, why?, next}}`).
 * Every request may name its `tenant`, and must where the worker serves several.
 * Only the tenant's user and root may open it; the host agent carries it to the operator (`op: "worker"`).
 */
export const WORKER_METHODS = [
  'health', // {} → WorkerHealth
  'reload', // {} → reads worker.json anew: packs, inputs, members; reconciles schedules → WorkerHealth
  'check', // {} → WorkerChecks: drives every connector and way to notify, without an effect
  'inspect', // {since?} → WorkerInspection: what Temporal says of its task queue, runs and schedules
  'run', // {pack, inputs?, dryRun?, by, wait?: boolean} → {run} or, with wait, {run, result}
  'try', // {pack: CompiledPack, inputs?, by} → {run, result}: a dry run of a pack that need not be installed
  'trigger', // {kind: 'webhook' | 'message', name, by, payload?, id?} → {runs}: starts the packs that wait for it; `name` is the webhook's name, or what was written
  'runs', // {pack?, status?, limit?} → RunSummary[]
  'describe', // {run} → RunSummary & {steps}
  'cancel', // {run, by} → {}
  'inbox', // {open?: boolean, limit?} → Envelope[]
  'messages', // {to?, limit?} → StoredMessage[]
  'decide', // {envelope, verdict, by, comment?} → {state}
  'audit', // {limit?} → TrailEntry[]: written by `audit` and `approve`, newest last
  'drain', // {withinMs} → {} stops taking work; what runs ends or is handed on
] as const;
export type WorkerMethod = (typeof WORKER_METHODS)[number];

/** `worker/worker.json` of a generation. Names of secrets only: values arrive as variables of those names. */
export interface WorkerConfig {
  schema: 1;
  /** Many tenants to one process in a fleet; one on a hub. */
  tenants: WorkerTenant[];
  temporal: {
    /** `host:port` */
    address: string;
    namespace: string;
    /** Names of the secrets that hold PEM texts or the API key. */
    tls?: { ca?: string; cert?: string; key?: string; serverName?: string };
    apiKeySecret?: string;
  };
  /** Worker Versioning: equal builds share it. */
  build: string;
}

export interface WorkerTenant {
  name: string;
  timezone: string;
  members: Member[];
  gateway: { port: number; tokenSecret: string; agent: string };
  /** Secret that holds the 32-byte payload key, base64. */
  payloadKeySecret: string;
  packs: InstalledPack[];
  connectors: Record<string, ConnectorConfig>;
  notify: NotifyConfig;
}

export interface InstalledPack {
  id: string;
  version: string;
  /** sha512 of the tarball, as in a packument (`sha512-…`). */
  integrity: string;
  /** Digest of the compiled pack, `packs/<id>.json` in the generation. */
  digest: Digest;
  inputs: Record<string, unknown>;
  enabled: boolean;
}

export interface ConnectorConfig {
  /** Where its API is; only tests and self-hosted systems need one. */
  url?: string;
  /** Secret names by what they are (`token`, `accountSid`, …). */
  secrets: Record<string, string>;
  settings: Record<string, unknown>;
}

export interface NotifyConfig {
  /** A bot of the worker's own (`tokenSecret`), or the one that the gateway owns: it can't have two readers. */
  telegram?: { tokenSecret: string; apiUrl?: string } | { gateway: true };
  webhook?: { url: string; signingSecret?: string };
}

export interface WorkerHealth {
  build: string;
  temporal: { address: string; ok: boolean; detail: string };
  tenants: {
    name: string;
    /** Why the worker does not serve it. */
    problem: string | null;
    packs: {
      id: string;
      version: string;
      /** '' when it can't be run: then `problem` says why. */
      digest: Digest;
      schedules: number;
      problem: string | null;
    }[];
  }[];
  draining: boolean;
}

export interface WorkerChecks {
  connectors: (Checked & { name: string })[];
  channels: (Checked & { name: string })[];
}

/** What Temporal says of one tenant's work. */
export interface WorkerInspection {
  /** Who asks for its tasks, by kind. */
  pollers: { workflows: number; activities: number };
  /** Tasks that nobody took yet, and the age of the oldest; null = the server does not tell. */
  backlog: { tasks: number; oldestS: number } | null;
  /** Runs that go on. */
  running: { run: string; startedAt: string }[];
  /** Runs that ended since the time that was asked for, and not well. */
  failed: { run: string; pack: string; status: string; reason: string | null; endedAt: string }[];
  schedules: {
    id: string;
    paused: boolean;
    /** ISO 8601. */
    next: string | null;
    /** Of its last starts since then, the latest one's delay; null = it started nothing. */
    lateS: number | null;
    /** Starts that it gave up on, since it was made. */
    missed: number;
  }[];
}

/** What the worker keeps of who did or decided what: JSON lines, each with the hash of the one before. */
export interface TrailEntry {
  seq: number;
  /** ISO 8601. */
  at: string;
  tenant: string;
  run: string;
  event: string;
  /** Member id, or what started the run. */
  actor: string;
  details: Record<string, unknown>;
  /** Of the act that wrote it: equal keys are the same entry. */
  key: string;
  /** Hash of the entry before; 64 zeros for the first. */
  previous: string;
  hash: string;
}

export interface RunSummary {
  run: string;
  tenant: string;
  pack: string;
  version: string;
  trigger: string;
  /** `running` or one of RUN_STATUSES. */
  status: string;
  reason: string | null;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string | null;
}
