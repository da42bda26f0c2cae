import { type DoctorCheck, type DoctorReport, type DoctorSum, sumOf } from '../../core/doctor.ts';
import { ChpError } from '../../core/errors.ts';
import { HOST_READING_NAMES, type HostReadingName } from '../../core/host-readings.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { forEachTenant } from '../for-each-tenant.ts';
import type { Check, ReadingName, Subject } from './check.ts';
import { examine, type Outcome, readInTime, type Source } from './examine.ts';
import { type HostSession, openSession } from './host-session.ts';
import { LOCAL, LOCAL_LIMITS, type LocalReadings } from './local-readings.ts';
import { quietly } from './quietly.ts';
import { MACHINE_CHECKS, TENANT_CHECKS } from './table.ts';
import { NotRead, OF_REGISTRY, REGISTRY_LIMITS, type RegistryReadingName } from './tenant-readings.ts';

export interface DoctorOptions {
  /** Names, or all of the registry; an empty list = this machine alone. */
  tenants: readonly string[] | 'all';
  atOnce: number;
  /** Groups or ids of checks; an empty list = all. */
  only: readonly string[];
  skip: readonly string[];
  /** History is looked at from then on. */
  since: Date;
  /** Also what takes seconds: the engine's look at the host, every byte of the programs. */
  drift: boolean;
  /** Told of each check as soon as it is judged; `tenant` null = this machine. */
  onCheck(check: DoctorCheck, tenant: string | null): void;
}

export interface Diagnosis {
  /** This machine first, then tenants in the order in which they were asked for. */
  reports: DoctorReport[];
  sum: DoctorSum;
  /** No check failed. */
  well: boolean;
}

/**
 * Looks at this machine and at tenants: everything at once, each thing with its own deadline. Changes nothing; a turn
 * with the model is the one thing that it does.
 * @throws BAD_INPUT for a group or check that there is not; TENANT_NOT_FOUND; INTERRUPTED
 */
export async function diagnose(context: Context, options: DoctorOptions): Promise<Diagnosis> {
  const wanted = selection(options);
  const quiet = quietly(context);
  const here = machineReport(quiet, wanted(MACHINE_CHECKS), options);
  const ofTenants = tenantReports(quiet, wanted(TENANT_CHECKS), options);
  ofTenants.catch(() => {});
  const machine = await here;
  const reports = [machine, ...(await ofTenants.catch((error: unknown) => registryIsTold(error, machine)))].filter(
    ({ checks }) => checks.length > 0,
  );
  // What was stopped half-way would be told as if it were a fault.
  if (context.signal.aborted) throw new ChpError('INTERRUPTED', 'stopped while it looked');
  const sum = sumOf(reports.flatMap(({ checks }) => checks));
  return { reports, sum, well: sum.fail === 0 };
}

/** Without its registry nothing is known of tenants, and the machine's report says why. */
function registryIsTold(error: unknown, machine: DoctorReport): DoctorReport[] {
  const told = machine.checks.some(({ id, verdict }) => id === 'here.registry' && verdict === 'fail');
  if (told) return [];
  throw error;
}

/** Which checks of a table are asked for. @throws BAD_INPUT */
function selection({ only, skip }: Pick<DoctorOptions, 'only' | 'skip'>) {
  const all = [...MACHINE_CHECKS, ...TENANT_CHECKS];
  const known = new Set(all.flatMap(({ id, group }) => [id, group as string]));
  const wrong = [...only, ...skip].find((name) => !known.has(name));
  if (wrong !== undefined)
    throw new ChpError('BAD_INPUT', `there is no check and no group "${wrong}"`, {
      next: [`Groups: ${[...new Set(all.map(({ group }) => group))].join(', ')}`],
    });
  const named = (names: readonly string[], { id, group }: Check): boolean =>
    names.includes(id) || names.includes(group);
  return (checks: readonly Check[]): Check[] =>
    checks.filter((check) => (only.length === 0 || named(only, check)) && !named(skip, check));
}

/** What can't be read without the registry. */
const OF_THE_REGISTRY: readonly ReadingName[] = ['jobs', 'clock', 'network', 'audit'];

async function machineReport(
  context: Context,
  checks: readonly Check[],
  options: Pick<DoctorOptions, 'since' | 'onCheck'>,
): Promise<DoctorReport> {
  const read = (name: keyof LocalReadings): Promise<Outcome> =>
    readInTime(LOCAL_LIMITS[name], () => LOCAL[name](context));
  const source: Source = async (name) => {
    if (!OF_THE_REGISTRY.includes(name)) return read(name as keyof LocalReadings);
    const registry = await readInTime(LOCAL_LIMITS.registry, () => context.registry());
    return registry.state === 'failed' ? { ...registry, root: 'registry' } : read(name as keyof LocalReadings);
  };
  return report(null, checks, source, options);
}

async function tenantReports(
  context: Context,
  checks: readonly Check[],
  options: DoctorOptions,
): Promise<DoctorReport[]> {
  if (options.tenants.length === 0) return [];
  const names =
    options.tenants === 'all' ? (await (await context.registry()).tenants()).map(({ name }) => name) : options.tenants;
  if (names.length === 0 || checks.length === 0) return [];
  const { tenants } = await forEachTenant(
    context,
    names,
    { title: 'Look at tenants', atOnce: options.atOnce },
    (own, tenant) => tenantReport(own, tenant, checks, options),
  );
  return tenants.map((outcome) => {
    if (outcome.ok) return outcome.result;
    throw new ChpError(outcome.error.code, outcome.error.message, { next: outcome.error.next });
  });
}

async function tenantReport(
  context: Context,
  tenant: string,
  checks: readonly Check[],
  options: DoctorOptions,
): Promise<DoctorReport> {
  const needed = new Set(checks.flatMap(({ needs }) => needs));
  const ofHost = HOST_READING_NAMES.filter((name) => needed.has(name));
  const asksHost = ofHost.length > 0 || needed.has('link');
  await using session = asksHost ? await sessionOf(context, tenant, ofHost, options) : null;
  const source: Source = (name) => {
    if (name === 'plan' && !options.drift)
      return Promise.resolve({ state: 'skipped', why: 'it takes seconds: say --drift' });
    if (name in OF_REGISTRY) return ofRegistry(context, tenant, name as RegistryReadingName);
    return session ? ofSession(session, name) : Promise.resolve(noDocument);
  };
  // Awaited here: the session is closed when this function returns.
  return await report(tenant, checks, source, options);
}

const noDocument: Outcome = { state: 'skipped', why: 'what is recorded of the tenant can’t be used' };

/** null where there is no document to go by: its own check says so. */
async function sessionOf(
  context: Context,
  tenant: string,
  readings: readonly HostReadingName[],
  { since, drift }: Pick<DoctorOptions, 'since' | 'drift'>,
): Promise<HostSession | null> {
  const loaded = await loadTenant(context, tenant).catch((error: unknown) => {
    if (error instanceof ChpError && error.code === 'BAD_DOCUMENT') return null;
    throw error;
  });
  return loaded && openSession(context, loaded.tenant, readings, { since: since.getTime(), deep: drift });
}

function ofSession(session: HostSession, name: ReadingName): Promise<Outcome> {
  if (name === 'link') return session.link.then((value) => ({ state: 'ok', value }));
  if (name === 'base' || name === 'ports') return session.expected(name);
  return session.reading(name as HostReadingName);
}

async function ofRegistry(context: Context, tenant: string, name: RegistryReadingName): Promise<Outcome> {
  const read = OF_REGISTRY[name] as (context: Context, tenant: string) => Promise<unknown>;
  let unread: NotRead | undefined;
  const outcome = await readInTime(REGISTRY_LIMITS[name], () =>
    read(context, tenant).catch((error: unknown) => {
      if (error instanceof NotRead) unread = error;
      throw error;
    }),
  );
  return unread ? { state: 'skipped', why: unread.message } : outcome;
}

async function report(
  tenant: string | null,
  checks: readonly Check[],
  source: Source,
  { since, onCheck }: Pick<DoctorOptions, 'since' | 'onCheck'>,
): Promise<DoctorReport> {
  const started = performance.now();
  const subject: Subject = { tenant: tenant ?? '', since, now: new Date() };
  const found = await examine(checks, source, subject, (check) => onCheck(check, tenant));
  return { tenant, checks: found, sum: sumOf(found), ms: Math.round(performance.now() - started) };
}
