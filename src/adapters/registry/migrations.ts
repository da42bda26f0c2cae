/** One step of the schema. Forward only; a released step is never changed. */
export interface Migration {
  version: number;
  name: string;
  statements: readonly string[];
}

export type DialectName = 'sqlite' | 'postgres';

/** Migrations in order; the last one's version is what this chp reads and writes. */
export function migrationsFor(dialect: DialectName): readonly Migration[] {
  return [
    { version: 1, name: 'first', statements: first(dialect) },
    { version: 2, name: 'packs', statements: packs(dialect) },
    { version: 3, name: 'rollouts', statements: rollouts(dialect) },
    { version: 4, name: 'generation-sources', statements: generationSources(dialect) },
  ];
}

export function latestVersion(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

/** Table of what was applied; itself not a migration. */
export function journalTable(dialect: DialectName): string {
  return `create table if not exists chp_migrations (version integer primary key, name text not null, applied_at text not null)${suffix(dialect)}`;
}

// SQLite takes any type in any column unless the table is strict; Postgres has no such word.
const suffix = (dialect: DialectName): string => (dialect === 'sqlite' ? ' strict' : '');

const OF_TENANT = 'tenant text not null references tenants (name) on delete cascade';

function packs(dialect: DialectName): string[] {
  return [
    `create table packs (${OF_TENANT}, id text not null, name text not null, version text not null, catalogue text not null,
       integrity text not null, signature text not null, keyid text not null, public_key text not null,
       tarball text not null, compiled text not null, digest text not null, updated_at text not null, primary key (tenant, id))${suffix(dialect)}`,
  ];
}

/** No reference to tenants: what was done to one outlives it. */
function rollouts(dialect: DialectName): string[] {
  return [
    `create table rollouts (id text primary key, spec text not null, state text not null, wanted text, reason text,
       epoch integer not null, forgiven integer not null, actor text not null, started_at text not null, ended_at text)${suffix(dialect)}`,
    `create table rollout_tenants (rollout text not null references rollouts (id) on delete cascade, tenant text not null,
       position integer not null, wave integer not null, state text not null, reason text, opens_at text,
       attempt integer not null, started_at text, ended_at text, checked_at text, primary key (rollout, tenant))${suffix(dialect)}`,
  ];
}

function generationSources(dialect: DialectName): string[] {
  return [
    `create table generation_sources (${OF_TENANT}, digest text not null, source text not null, primary key (tenant, digest))${suffix(dialect)}`,
    'alter table generations add column pinned_by text',
  ];
}

function first(dialect: DialectName): string[] {
  const table = (name: string, columns: string): string => `create table ${name} (${columns})${suffix(dialect)}`;
  return [
    table(
      'tenants',
      `name text primary key, phase text not null, topology text not null, host text not null, document text not null,
       revision integer not null, recipient text, signing_public_key text, generation text,
       created_at text not null, updated_at text not null`,
    ),
    table(
      'members',
      `${OF_TENANT}, id text not null, name text not null, role text not null, position integer not null, primary key (tenant, id)`,
    ),
    table(
      'generations',
      `${OF_TENANT}, digest text not null, number integer not null, signed text not null, outcome text not null, reason text,
       created_at text not null, primary key (tenant, digest), unique (tenant, number)`,
    ),
    table(
      'jobs',
      `id text primary key, tenant text not null, kind text not null, state text not null, actor text not null,
       started_at text not null, ended_at text, error text`,
    ),
    'create index jobs_by_tenant on jobs (tenant, started_at)',
    table(
      'job_steps',
      `job text not null references jobs (id) on delete cascade, position integer not null, step text not null,
       began text not null, ended text, primary key (job, position)`,
    ),
    table(
      'secrets',
      `${OF_TENANT}, name text not null, ciphertext text not null, recipient text not null, updated_at text not null,
       rotated_from text, primary key (tenant, name)`,
    ),
    table(
      'skills',
      `${OF_TENANT}, name text not null, source text not null, digest text not null, files text not null,
       updated_at text not null, primary key (tenant, name)`,
    ),
    table(
      'audit',
      `seq integer primary key, at text not null, actor text not null, action text not null, tenant text, details text not null,
       previous text not null, hash text not null unique, signature text not null, key_id text not null`,
    ),
    'create index audit_by_tenant on audit (tenant, seq)',
    table(
      'audit_head',
      'id integer primary key check (id = 1), seq integer not null, hash text not null, signature text not null, key_id text not null',
    ),
    table('audit_keys', 'key_id text primary key, public_key text not null, added_at text not null'),
    ...(dialect === 'postgres'
      ? [
          table(
            'locks',
            `tenant text primary key, actor text not null, host text not null, pid integer not null, what text not null,
             since text not null, backend_pid integer not null`,
          ),
        ]
      : []),
  ];
}
