import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientConfig } from 'pg';
import { lockedBy } from '../../../core/flock.ts';
import { assertTenantName } from '../../../core/names.ts';
import type { HeldLock, LockHolder, Registry } from '../../../core/ports/registry.ts';
import { thisHolder } from '../holder.ts';
import { postgresFault } from './faults.ts';

const POLL_MS = 150;
const ANONYMOUS_MS = 500;
const RELEASE_MS = 5_000;

/** What is locked: its row in `locks`, the key of its advisory lock, and how it is called. */
interface Subject {
  row: string;
  key: string;
  called: string;
}

/** Advisory lock of a session of its own: Postgres frees it when that session ends, in whatever way. */
export function sessionLock(config: ClientConfig, location: string): Registry['lock'] {
  return async (tenant, what, options) => {
    assertTenantName(tenant);
    const subject = { row: tenant, key: `chp:tenant:${tenant}`, called: `tenant "${tenant}"` };
    return lockSubject(config, location, subject, what, options);
  };
}

/** The same for a rollout. Its row's name has a space, which no tenant's has. */
export function rolloutSessionLock(config: ClientConfig, location: string): Registry['lockRollout'] {
  return (rollout, what, options) => {
    const subject = { row: `rollout ${rollout}`, key: `chp:rollout:${rollout}`, called: `job ${rollout}` };
    return lockSubject(config, location, subject, what, options);
  };
}

async function lockSubject(
  config: ClientConfig,
  location: string,
  subject: Subject,
  what: string,
  { waitMs, onWait }: Parameters<Registry['lock']>[2],
): Promise<HeldLock> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ ...config, application_name: `chp lock ${subject.row}`, query_timeout: 15_000 });
  // A cut session is noticed by the next query; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    // Lets the server notice within a minute that the operator's machine is gone.
    await client.query('set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3');
    await acquire(client, subject, waitMs, onWait);
    await writeHolder(client, subject.row, thisHolder(what));
  } catch (error) {
    await hangUp(client);
    throw postgresFault(location, error);
  }
  return held(client, subject.row);
}

async function acquire(
  client: Client,
  { row, key, called }: Subject,
  waitMs: number,
  onWait?: (holder: LockHolder) => void,
): Promise<void> {
  const until = performance.now() + waitMs;
  let known: LockHolder | null = null;
  while (!(await tryLock(client, key))) {
    const holder = await readHolder(client, row);
    if (holder && !known && waitMs > 0) onWait?.(holder);
    known = holder ?? known;
    // A holder that is not known yet has just begun, and is about to write its name.
    if (known && performance.now() >= until) throw lockedBy(called, known);
    if (performance.now() >= until + ANONYMOUS_MS) throw lockedBy(called, null);
    await sleep(POLL_MS);
  }
}

async function tryLock(client: Client, key: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
    [key],
  );
  return rows[0]?.held === true;
}

async function writeHolder(client: Client, tenant: string, holder: LockHolder): Promise<void> {
  await client.query(
    `insert into locks (tenant, actor, host, pid, what, since, backend_pid) values ($1, $2, $3, $4, $5, $6, pg_backend_pid())
     on conflict (tenant) do update set actor = excluded.actor, host = excluded.host, pid = excluded.pid,
       what = excluded.what, since = excluded.since, backend_pid = excluded.backend_pid`,
    [tenant, holder.actor, holder.host, holder.pid, holder.what, holder.since],
  );
}

/** Only the row of a session that really holds a lock: a killed run's row is of no account. */
async function readHolder(client: Client, tenant: string): Promise<LockHolder | null> {
  const { rows } = await client.query<LockHolder>(
    `select actor, host, pid, what, since from locks where tenant = $1 and exists
       (select 1 from pg_locks where pg_locks.locktype = 'advisory' and pg_locks.granted and pg_locks.pid = locks.backend_pid)`,
    [tenant],
  );
  return rows[0] ?? null;
}

function held(client: Client, tenant: string): HeldLock {
  let released: Promise<void> | undefined;
  const release = async () => {
    // The session's end frees the lock; the row is only good manners.
    const tidy = client
      .query('delete from locks where tenant = $1 and backend_pid = pg_backend_pid()', [tenant])
      .catch(() => {});
    await Promise.race([tidy, sleep(RELEASE_MS, undefined, { ref: false })]);
    await hangUp(client);
  };
  const once = () => (released ??= release());
  return { release: once, [Symbol.asyncDispose]: once };
}

async function hangUp(client: Client): Promise<void> {
  const ended = client.end().then(
    () => true,
    () => true,
  );
  const polite = await Promise.race([ended, sleep(RELEASE_MS, false, { ref: false })]);
  if (!polite) (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
