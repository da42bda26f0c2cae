import { chpHome } from '../../core/home.ts';
import type { AuditEntry, Registry } from '../../core/ports/registry.ts';
import { redactor } from '../../core/redact.ts';
import { auditSigner, writeAuditWitness } from '../keys/audit-key.ts';
import type { Backend } from './backend.ts';
import { makeRegistry } from './registry.ts';

/**
 * Opens the registry: Postgres by CHP_DATABASE_URL, else SQLite under CHP_HOME (made on first use).
 * @throws ChpError REGISTRY_CORRUPT, REGISTRY_NEWER, REGISTRY_UNAVAILABLE; BAD_INPUT on a URL of another form.
 */
export async function openRegistry(env: NodeJS.ProcessEnv = process.env): Promise<Registry> {
  const backend = await openBackend(env);
  return makeRegistry({
    backend,
    signer: () => auditSigner(env),
    redactor,
    onAudit: (entry) => remember(backend.location, entry, env),
  });
}

/** The entry is durable already, and an older head that is remembered stays true: no reason to fail. */
function remember(location: string, entry: AuditEntry, env: NodeJS.ProcessEnv): void {
  try {
    writeAuditWitness(location, entry, env);
  } catch {}
}

async function openBackend(env: NodeJS.ProcessEnv): Promise<Backend> {
  if (env.CHP_DATABASE_URL) {
    const { openPostgres } = await import('./postgres/backend.ts');
    return openPostgres(env.CHP_DATABASE_URL);
  }
  const { openSqlite } = await import('./sqlite/backend.ts');
  return openSqlite(chpHome(env));
}
