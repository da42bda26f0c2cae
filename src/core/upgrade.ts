import type { ApplyResult, CheckResult, HostRoom, RuntimeChanged } from './agent-protocol.ts';
import type { Digest } from './digest.ts';
import type { FileChange } from './plan.ts';

/** What an upgrade would do, and whether it can. What was approved is what runs: see `UpgradePlan.base`. */
export interface UpgradePlan {
  schema: 1;
  tenant: string;
  host: string;
  /** What it was made against: when one of them changes it is another upgrade. */
  base: { generation: Digest; document: Digest };
  /** Digests of all that would run, and of tenant.yaml as it would be. */
  generation: Digest;
  document: Digest;
  /** Nothing to do. */
  empty: boolean;
  runtime: { from: string; to: string } | null;
  packs: { id: string; from: string | null; to: string | null }[];
  /** Services that would be restarted because what they run is another one. */
  services: string[];
  files: FileChange[];
  /** From the package's own changelog, newest version first; empty where it has none. */
  releaseNotes: string[];
  /** What the new version's own validator says of the configuration; null = it would take it, or was not asked: see `checks`. */
  refused: string | null;
  checks: CheckResult[];
  downtime: { expectedS: number; why: string };
}

export interface UpgradeSide {
  runtime: string;
  generation: Digest;
  /** As `generation list` counts them; null = made elsewhere. */
  number: number | null;
}

/** What became of an upgrade, for people and pipelines. */
export interface UpgradeResult {
  tenant: string;
  outcome: 'upgraded' | 'nothing-to-do' | 'already-done';
  /** null where nothing was to be done. */
  job: string | null;
  from: UpgradeSide;
  to: UpgradeSide;
  packs: UpgradePlan['packs'];
  services: string[];
  /** Milliseconds that the gateway was away; null = it was not, or it was not measured. */
  downtimeMs: number | null;
  change: RuntimeChanged | null;
  /** Milliseconds by step, on the host. */
  timings: ApplyResult['timings'];
  soakS: number;
  checks: CheckResult[];
  /** Numbers of its entries in the audit log. */
  audit: number[];
}

const MB = 1024 * 1024;
const SPARE_BYTES = 300 * MB;
/** The old and the new gateway run beside each other while caches are filled. */
const MEMORY_MB = 1_500;
const COPY_BYTES_PER_S = 150 * MB;

/** Bytes of disk that it takes: trees that are not there yet, the state twice (kept, and perhaps put back), and some. Pure. */
export function roomNeeded(
  room: HostRoom,
  trees: readonly { digest: Digest; size: number }[],
  keepsState: boolean,
): number {
  const news = trees.filter(({ digest }) => room.lacks.includes(digest)).reduce((sum, { size }) => sum + size, 0);
  return news + (keepsState ? 2 * room.stateBytes : 0) + SPARE_BYTES;
}

/** Is there room for it on the host? Pure. */
export function roomChecks(room: HostRoom, needed: number, changesRuntime: boolean): CheckResult[] {
  const mb = (bytes: number): string => `${Math.round(bytes / MB)} MB`;
  const fits = room.freeBytes >= needed;
  const disk: CheckResult = {
    id: 'host.disk',
    title: 'Room on the disk',
    verdict: fits ? 'pass' : 'fail',
    detail: `${mb(room.freeBytes)} free, ${mb(needed)} needed`,
    ms: 0,
    ...(fits ? {} : { fix: 'Free some space: journalctl --vacuum-size=100M; apt-get clean' }),
  };
  if (!changesRuntime) return [disk];
  const warms = room.memoryAvailableMb >= MEMORY_MB;
  return [
    disk,
    {
      id: 'host.memory',
      title: 'Room in memory',
      verdict: warms ? 'pass' : 'warn',
      detail: warms
        ? `${room.memoryAvailableMb} MB free: the new version is tried beside the old one`
        : `${room.memoryAvailableMb} MB free, ${MEMORY_MB} needed to try the new version beside the old one: it will be away longer`,
      ms: 0,
    },
  ];
}

/** How long the gateway would be away. Pure. */
export function downtimeOf(of: {
  restartsGateway: boolean;
  changesRuntime: boolean;
  coldStartS: number;
  migrationS: number;
  stateBytes: number;
}): UpgradePlan['downtime'] {
  if (!of.restartsGateway) return { expectedS: 0, why: 'the gateway runs on' };
  if (!of.changesRuntime) return { expectedS: of.coldStartS, why: 'one cold start of the gateway' };
  const copyS = of.stateBytes / COPY_BYTES_PER_S;
  const parts = ['one cold start of the gateway', `a copy of ${Math.round(of.stateBytes / MB)} MB of state`];
  if (of.migrationS > 0) parts.push('the migration of that state');
  return { expectedS: Math.ceil(1 + of.coldStartS + copyS + of.migrationS), why: parts.join(', ') };
}
