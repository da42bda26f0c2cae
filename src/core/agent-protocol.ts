import type { BackupRepository, BackupWork } from './backups.ts';
import type { Digest } from './digest.ts';
import type { SignedGeneration } from './generation.ts';
import type { HostReadingName, Reading } from './host-readings.ts';

/**
 * The host agent speaks over stdio, so ssh, local exec, kubectl exec and SSM can carry it.
 *
 * Wire: frames of `<4-byte big-endian length><1-byte kind><payload>`; kind 1 = UTF-8 JSON, kind 2 = raw bytes.
 * The operator's side sends one `AgentRequest`; the agent answers with `AgentEvent`s and ends with `result` or
 * `error`. Between them, `apply` asks for what it lacks (`need`) and receives each as one `blob` JSON frame
 * followed by raw frames of exactly `size` bytes together. Frames are ≤ 1 MiB. Nothing else is ever on stdout.
 */
export const PROTOCOL_VERSION = 1;

/** Steps of an activation, in journal order. The fault matrix is driven by this list. */
export const ACTIVATION_STEPS = [
  'received', // manifest verified, objects complete
  'staged', // generation directory complete and fsync'ed
  'snapshot', // state snapshot of what runs now
  'configured', // live config merged and written
  'switched', // `current` flipped
  'restarted', // services reconciled
  'checked', // smoke test passed
  'confirmed', // the operator's side confirmed
  'committed', // previous may be pruned
] as const;
export type ActivationStep = (typeof ACTIVATION_STEPS)[number];

export type ServiceManager = 'systemd' | 'supervisor' | 'compose';

/** How carefully a generation is put in the place of another. */
export interface ApplyCare {
  /** Seconds that turns in flight get to end before the gateway is stopped for another runtime. Default 30. */
  drainS?: number;
  /** Seconds that the new generation is watched, on the host, before it is confirmed. Default 0. */
  soakS?: number;
}

export type AgentRequest =
  | { op: 'facts' }
  /** What is: current generation, services, config drift, file integrity. Read only, fast. */
  | { op: 'status'; tenant: string }
  /** Applies a generation; `confirmWithinS` seconds after `awaiting-confirm` without `confirm` it reverts by itself. */
  | ({
      op: 'apply';
      tenant: string;
      generation: SignedGeneration;
      confirmWithinS: number;
      force?: boolean;
      /** How many generations are kept from now on. */
      keep?: number;
      /** It is gone back to. `state`: what becomes of the gateway's state where the runtime changes; null = unsaid. */
      rollback?: { state: 'keep' | 'restore' | null };
    } & ApplyCare)
  | { op: 'confirm' }
  | { op: 'revert' }
  /** Finishes or reverts an activation whose journal is open. Safe to call at any time. */
  | { op: 'recover'; tenant: string }
  /** What an upgrade has to have room for. Read only. */
  | { op: 'measure'; tenant: string; trees: Digest[] }
  /** The upgrade to a generation, on a copy of the state and beside what runs; asks for what it lacks, as `apply`. */
  | { op: 'rehearse'; tenant: string; generation: SignedGeneration }
  /** Smoke test of what runs now. */
  | { op: 'check'; tenant: string }
  /** What `chp doctor` judges by, each as a `reading` as soon as it is there. Read only, but for one turn with the model. */
  | ({ op: 'doctor'; tenant: string } & DoctorRequest)
  /** One gateway WebSocket call, on the host, with the host's token. */
  | { op: 'gateway'; tenant: string; method: string; params: unknown }
  /** One request to the tenant's worker (core/worker-protocol.ts), over its socket on the host. */
  | { op: 'worker'; tenant: string; method: string; params: unknown }
  /** What lies on the host of a tenant's generations (core/host-generations.ts). Read only. */
  | { op: 'generations'; tenant: string }
  /** What going back to a generation would do to the state. Read only. */
  | { op: 'rewind-plan'; tenant: string; generation: SignedGeneration }
  /** A pinned generation stays on the host until it is unpinned. */
  | { op: 'pin'; tenant: string; generation: Digest; pinned: boolean }
  /** Removes what retention does not keep. */
  | { op: 'prune'; tenant: string; keep: number; dryRun: boolean }
  /** Makes, lists, proves or puts back backups (core/backups.ts). */
  | ({ op: 'backup'; tenant: string; repository: BackupRepository } & BackupWork)
  /** `redact`: without the values of the tenant's secrets, for logs that are handed on. */
  | { op: 'logs'; tenant: string; service: string; lines: number; follow: boolean; redact?: boolean }
  /** Removes the tenant and all it owns; the host's other tenants are not touched. */
  | { op: 'remove'; tenant: string };

export interface DoctorRequest {
  readings: readonly HostReadingName[];
  /** Below chp's own folder: whose and of which mode they are. */
  paths: readonly string[];
  /** Milliseconds since the epoch: from when on the history is asked for. */
  since: number;
  /** Read every byte, where sizes are looked at otherwise. */
  deep: boolean;
}

/** Sent by the operator's side inside `apply`. */
export type BlobHeader = { blob: Digest; kind: 'object' | 'tree'; size: number };

export type AgentEvent =
  | { event: 'need'; objects: Digest[]; trees: Digest[] }
  | { event: 'step'; step: ActivationStep; ms: number; note?: string }
  | { event: 'progress'; what: string; done: number; total: number }
  | { event: 'check'; check: CheckResult }
  | { event: 'reading'; reading: Reading }
  | { event: 'awaiting-confirm'; withinS: number }
  | { event: 'log'; line: string }
  | { event: 'result'; result: unknown }
  | {
      event: 'error';
      error: { code: string; message: string; why?: string; next?: string[]; details?: Record<string, unknown> };
    };

export interface CheckResult {
  id: string;
  title: string;
  verdict: 'pass' | 'warn' | 'fail' | 'skipped';
  /** Why it was skipped, or what was seen. */
  detail: string;
  ms: number;
  /** The command or action that mends it; required for `fail`. */
  fix?: string;
}

export interface ServiceStatus {
  name: string;
  active: boolean;
  pid: number | null;
  restarts: number;
  /** ISO 8601. */
  since: string | null;
}

/** One config path where the host differs from the generation it runs. */
export interface ConfigDrift {
  path: string;
  owner: 'operator' | 'family' | 'agent';
  /** undefined = absent. */
  base: unknown;
  live: unknown;
}

export interface HostStatus {
  tenant: string;
  agentDigest: Digest;
  manager: ServiceManager;
  current: Digest | null;
  previous: Digest | null;
  /** Open journal: an activation was cut. */
  interrupted: { step: ActivationStep; generation: Digest } | null;
  services: ServiceStatus[];
  drift: { config: ConfigDrift[]; files: { path: string; problem: 'missing' | 'changed' | 'extra' }[] };
  /** sha256 of the live config file, and of the one the gateway says it took (null = it does not answer, or refuses it). */
  configDigest: { file: Digest | null; running: Digest | null };
}

export interface ApplyResult {
  outcome: 'converged' | 'committed' | 'reverted';
  generation: Digest;
  checks: CheckResult[];
  /** Milliseconds by step. */
  timings: Partial<Record<ActivationStep, number>>;
  /** For `reverted`: what failed. */
  reason?: string;
  /** Where another runtime was put in place. */
  change?: RuntimeChanged;
}

export interface Rehearsal {
  checks: CheckResult[];
  ms: number;
}

export interface RuntimeChanged {
  /** Milliseconds that warming its caches took, beside the running one; null = it was left out, see `notes`. */
  warmMs: number | null;
  /** Milliseconds that turns in flight were waited for. */
  drainMs: number;
  /** Turns that had not ended by then: their replies are lost. */
  cutTurns: number;
  /** Milliseconds from the stop of the old gateway to the first answer of the new one; null = it never answered. */
  awayMs: number | null;
  notes: string[];
}

/** What an upgrade has to have room for, as the host has it. */
export interface HostRoom {
  /** Bytes of the gateway's state: they are kept twice while the runtime changes. */
  stateBytes: number;
  /** Bytes that are free where chp's folder is. */
  freeBytes: number;
  memoryAvailableMb: number;
  /** Of the trees that were asked about, those that are not there. */
  lacks: Digest[];
}
