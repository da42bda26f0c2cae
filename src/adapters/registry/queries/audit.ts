import { type AuditSigner, auditBroken, makeAuditEntry, makeAuditHead, verifyAuditHead } from '../../../core/audit.ts';
import { canonicalJson } from '../../../core/digest.ts';
import type { AuditEntry, AuditHead, AuditKey } from '../../../core/ports/registry.ts';
import type { Db, Tx } from '../tables.ts';

type NewEntry = Pick<AuditEntry, 'actor' | 'action' | 'tenant' | 'details'>;

/**
 * Appends after the signed head, not after the last row: so a removed last row leaves a gap for ever.
 * The caller has serialised the transaction. @throws ChpError AUDIT_BROKEN when the head is missing or forged.
 */
export async function appendAudit(tx: Tx, entry: NewEntry, signer: AuditSigner): Promise<AuditEntry> {
  await addKey(tx, signer);
  const head = await auditHead(tx);
  await assertHead(tx, head);
  const made = makeAuditEntry(head, { ...entry, at: new Date().toISOString() }, signer);
  await tx
    .insertInto('audit')
    .values({ ...made, details: canonicalJson(made.details) })
    .execute();
  const next = makeAuditHead(made, signer);
  await tx
    .insertInto('auditHead')
    .values({ id: 1, ...next })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(next))
    .execute();
  return made;
}

/** Oldest first; `limit` keeps the last ones. */
export async function audit(db: Db, filter: { tenant?: string; limit?: number } = {}): Promise<AuditEntry[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('seq', 'desc');
  if (filter.tenant !== undefined) query = query.where('tenant', '=', filter.tenant);
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  const rows = await query.execute();
  return rows.reverse().map((row) => ({ ...row, details: parseDetails(row.details) }));
}

export async function auditHead(db: Db): Promise<AuditHead | null> {
  const row = await db.selectFrom('auditHead').select(['seq', 'hash', 'signature', 'keyId']).executeTakeFirst();
  return row ?? null;
}

export function auditKeys(db: Db): Promise<AuditKey[]> {
  return db.selectFrom('auditKeys').selectAll().orderBy('addedAt').execute();
}

async function addKey(tx: Tx, { keyId, publicKeyPem }: AuditSigner): Promise<void> {
  await tx
    .insertInto('auditKeys')
    .values({ keyId, publicKey: publicKeyPem, addedAt: new Date().toISOString() })
    .onConflict((conflict) => conflict.column('keyId').doNothing())
    .execute();
}

async function assertHead(tx: Tx, head: AuditHead | null): Promise<void> {
  if (head) {
    const keys = await auditKeys(tx);
    if (
      verifyAuditHead(
        head,
        keys.map((key) => key.publicKey),
      )
    )
      return;
    throw auditBroken({
      kind: 'bad-head',
      seq: head.seq,
      message: 'the head of the chain is not signed by a known key',
    });
  }
  const last = await tx
    .selectFrom('audit')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirst();
  if (last?.seq)
    throw auditBroken({ kind: 'bad-head', seq: last.seq, message: 'the signed head of the chain is missing' });
}

/** Text that is no JSON any more was edited: kept, so that the verification names it instead of failing. */
function parseDetails(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { unreadable: text };
  }
}
