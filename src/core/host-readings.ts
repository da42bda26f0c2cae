import type { CheckResult, HostStatus } from './agent-protocol.ts';
import type { Digest } from './digest.ts';
import type { WorkerChecks, WorkerHealth, WorkerInspection } from './worker-protocol.ts';

/** What the host agent reads for `chp doctor`: facts only. What they mean is decided on the operator's side. */
export interface HostReadings {
  machine: MachineReading;
  /** null: nothing there tells. */
  timeSync: { synchronised: boolean | null };
  updates: UpdatesReading;
  firewall: FirewallReading;
  /** Of the paths that were asked for; null = not there. */
  paths: Record<string, { mode: string; owner: string } | null>;
  services: ServiceReading[];
  history: HistoryReading;
  installation: InstallationReading;
  /** Trees that the generation runs from; `bad`: entries that are missing or of another size (`deep`: of another content). */
  trees: { digest: Digest; name: string; entries: number; bad: string[] }[];
  secrets: SecretReading[];
  gateway: GatewayReading;
  turn: Seen;
  skills: (Seen & { name: string })[];
  channels: (Seen & { id: string })[];
  worker: WorkerHealth;
  duties: WorkerInspection;
  parts: WorkerChecks;
}
export type HostReadingName = keyof HostReadings;

type Seen = Pick<CheckResult, 'verdict' | 'detail'>;

export interface MachineReading {
  /** Where chp's folder is. */
  diskFreeMb: number;
  diskTotalMb: number;
  /** null where the file system counts none. */
  inodesFree: number | null;
  inodesTotal: number | null;
  readOnly: boolean;
  memoryAvailableMb: number;
  memoryTotalMb: number;
  /** null: a container does not tell its own. */
  load1: number | null;
  cpus: number;
  uptimeS: number;
  /** Milliseconds since the epoch, when it was read. */
  now: number;
}

export interface UpdatesReading {
  /** null: the host has no package manager that can be asked. */
  pending: number | null;
  security: number | null;
  rebootRequired: boolean;
  /** ISO 8601: when the lists of packages were last fetched; null = not known. */
  listedAt: string | null;
}

export interface FirewallReading {
  nft: boolean;
  /** What the kernel has; null = the table is not loaded. */
  loaded: { policy: string; open: number[]; rules: number } | null;
  /** What chp's files say; null = there are none. */
  laid: { open: number[]; rules: number } | null;
  /** It comes back after a boot. */
  enabled: boolean;
}

export interface ServiceReading {
  name: string;
  active: boolean;
  /** systemd's words, `failed (exit-code)`; '' where another manager runs it. */
  state: string;
  since: string | null;
  restarts: number;
  /** It comes back after a boot; null where nothing tells. */
  enabled: boolean | null;
  memoryMb: number | null;
  memoryMaxMb: number | null;
  /** What systemd has loaded and differs from the unit that chp wrote, and what was laid over it. */
  hardening: { property: string; wanted: string; found: string }[] | null;
  /** What the kernel says of the main process; null = it has none. */
  process: { user: string; noNewPrivileges: boolean; seccomp: boolean; capabilities: boolean } | null;
}

/** What systemd did by itself since the time that was asked for. */
export interface HistoryReading {
  events: { service: string; kind: 'restart' | 'oom' | 'failure'; at: string; detail: string }[];
}

export interface InstallationReading {
  agentDigest: Digest;
  node: string;
  current: Digest | null;
  previous: Digest | null;
  interrupted: HostStatus['interrupted'];
  drift: HostStatus['drift'];
  configFile: Digest | null;
  /** sha256 of the key that the host believes generations by. */
  signingKey: Digest | null;
  /** What a transfer that was cut left behind. */
  leftovers: string[];
}

export interface SecretReading {
  name: string;
  /** Why the host can't decrypt it; null = it can. */
  fault: string | null;
  /** It lies where its service gets it, and is the one that is meant. */
  installed: boolean;
  certificates: { subject: string; validTo: string }[];
}

export interface GatewayReading {
  healthy: boolean;
  port: number;
  /** Of the package that the answering process was started from; null = another process than ours answers. */
  version: string | null;
  wanted: string;
  /** sha256 of the config that it says it took; null = it does not accept the file that lies there. */
  config: Digest | null;
  configFile: Digest | null;
  /** A small question, there and back. */
  answersMs: number;
  /** null: this gateway does not tell. */
  eventLoopDelayMs: number | null;
}

/** How long each may take on the host, ms. One that is late is a finding, and holds up nothing. */
export const HOST_READINGS: Readonly<Record<HostReadingName, number>> = {
  machine: 5_000,
  timeSync: 5_000,
  updates: 20_000,
  firewall: 5_000,
  paths: 5_000,
  services: 10_000,
  history: 15_000,
  installation: 15_000,
  trees: 30_000,
  secrets: 10_000,
  gateway: 10_000,
  turn: 75_000,
  skills: 15_000,
  channels: 45_000,
  worker: 10_000,
  duties: 15_000,
  parts: 20_000,
};
export const HOST_READING_NAMES = Object.keys(HOST_READINGS) as HostReadingName[];

/** One of them, as it travels. */
export type Reading =
  | { name: HostReadingName; state: 'ok'; value: unknown; ms: number }
  /** `skipped`: there is nothing to read there, or what it needs did not answer: `root` names that. */
  | { name: HostReadingName; state: 'failed' | 'skipped'; why: string; ms: number; root?: HostReadingName };
