/** What `chp doctor` finds. `skipped` is never a pass: its detail says why nothing was looked at. */
export type DoctorVerdict = 'pass' | 'warn' | 'fail' | 'skipped';

/** In the order in which they are told. */
export const DOCTOR_GROUPS = {
  here: 'This machine',
  catalogue: 'Catalogues',
  audit: 'Audit',
  tenant: 'Tenant',
  secrets: 'Secrets',
  certificates: 'Certificates',
  pulumi: 'Pulumi state',
  ssh: 'SSH',
  agent: 'Host agent',
  host: 'Host',
  services: 'Services',
  generation: 'Generation',
  gateway: 'Gateway',
  turn: 'A real turn',
  channels: 'Channels',
  skills: 'Skills',
  worker: 'Worker and Temporal',
  packs: 'Packs',
  connectors: 'Connectors',
  backups: 'Backups',
} as const;
export type DoctorGroup = keyof typeof DOCTOR_GROUPS;

/** What `--fix` can do by itself, because it can't take anything from anybody. */
export const AUTOMATIC_FIXES = {
  'private-modes': 'take the keys in CHP_HOME away from other users',
  'renew-catalogue': 'issue a new statement of the catalogue',
  recover: 'finish or put back an activation that was cut',
  apply: 'put the host back as the tenant’s document says; only where nothing else would change',
} as const;
export type AutomaticFix = keyof typeof AUTOMATIC_FIXES;

export interface DoctorFix {
  text: string;
  /** A command line to copy; null = it is nothing that one command does. */
  command: string | null;
  automatic: AutomaticFix | null;
}

export interface DoctorCheck {
  id: string;
  group: DoctorGroup;
  title: string;
  /** The service, skill, channel, pack… that it is about, where there are several. */
  of: string | null;
  verdict: DoctorVerdict;
  detail: string;
  /** For what failed or warns. */
  fix: DoctorFix | null;
  /** From the beginning until it was known. */
  ms: number;
}

export type DoctorSum = Record<DoctorVerdict, number>;

export interface DoctorReport {
  /** A tenant's name; null = this machine. */
  tenant: string | null;
  checks: DoctorCheck[];
  sum: DoctorSum;
  ms: number;
}

export const sumOf = (checks: readonly Pick<DoctorCheck, 'verdict'>[]): DoctorSum => {
  const sum: DoctorSum = { pass: 0, warn: 0, fail: 0, skipped: 0 };
  for (const { verdict } of checks) sum[verdict]++;
  return sum;
};
