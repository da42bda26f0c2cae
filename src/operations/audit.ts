import { readAuditWitness } from '../adapters/keys/audit-key.ts';
import { auditBroken, verifyAudit } from '../core/audit.ts';
import { writeAuditExport } from '../core/audit-export.ts';
import type { AuditEntry } from '../core/ports/registry.ts';
import type { Context } from './context.ts';

export async function listAudit(context: Context, filter: { tenant?: string; limit?: number }): Promise<AuditEntry[]> {
  return (await context.registry()).audit(filter);
}

/** Checks the whole chain. @returns how many entries it holds. @throws AUDIT_BROKEN naming the first entry that is wrong */
export async function verifyChain(context: Context): Promise<{ entries: number }> {
  const registry = await context.registry();
  const entries = await registry.audit();
  const keys = (await registry.auditKeys()).map((key) => key.publicKey);
  const verdict = verifyAudit(entries, keys, {
    head: await registry.auditHead(),
    witness: readAuditWitness(registry.location, context.env),
  });
  if (!verdict.ok) throw auditBroken(verdict.fault);
  return { entries: entries.length };
}

/** JSON Lines with the public keys: whoever gets it can verify it without chp's registry. */
export async function exportAudit(context: Context): Promise<string> {
  const registry = await context.registry();
  return writeAuditExport({
    entries: await registry.audit(),
    head: await registry.auditHead(),
    publicKeys: (await registry.auditKeys()).map((key) => key.publicKey),
  });
}
