import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { digestOf } from './digest.ts';
import { ChpError } from './errors.ts';
import type { AuditEntry, AuditHead } from './ports/registry.ts';

/** `previous` of the first entry. */
const AUDIT_GENESIS = '0'.repeat(64);

/** Ed25519 key that signs audit entries. */
export interface AuditSigner {
  keyId: string;
  privateKeyPem: string;
  publicKeyPem: string;
}

/** What is wrong with the first broken entry. `seq` is where the chain stops to be trustworthy. */
export interface AuditFault {
  kind: 'edited' | 'removed' | 'reordered' | 'bad-signature' | 'unknown-key' | 'truncated' | 'bad-head' | 'rewritten';
  seq: number;
  message: string;
}

export type AuditVerdict =
  | { ok: true; entries: number; keyIds: string[] }
  | { ok: false; entries: number; fault: AuditFault };

export interface VerifyAuditOptions {
  /** The registry's signed head: finds removed last entries. null = it should be there and is not. */
  head?: AuditHead | null;
  /** A head remembered outside the registry: finds a chain that was put back or signed anew as a whole. */
  witness?: Pick<AuditHead, 'seq' | 'hash'> | undefined;
}

type Unsigned = Pick<AuditEntry, 'at' | 'actor' | 'action' | 'tenant' | 'details'>;

/** First 16 hex of the SHA-256 of the public key (SPKI, DER). */
export function auditKeyId(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** The entry that follows `head` (null = the first one), hashed and signed. */
export function makeAuditEntry(head: AuditHead | null, entry: Unsigned, signer: AuditSigner): AuditEntry {
  const hashed = {
    seq: (head?.seq ?? 0) + 1,
    at: entry.at,
    actor: entry.actor,
    action: entry.action,
    tenant: entry.tenant,
    details: JSON.parse(JSON.stringify(entry.details)) as Record<string, unknown>,
    previous: head?.hash ?? AUDIT_GENESIS,
  };
  const hash = digestOf(hashed);
  return { ...hashed, hash, signature: signText(hash, signer), keyId: signer.keyId };
}

/** The signed statement "the chain ends here". */
export function makeAuditHead(last: Pick<AuditEntry, 'seq' | 'hash'>, signer: AuditSigner): AuditHead {
  const head = { seq: last.seq, hash: last.hash };
  return { ...head, signature: signText(headText(head), signer), keyId: signer.keyId };
}

export function verifyAuditHead(head: AuditHead, publicKeys: readonly string[]): boolean {
  const key = keyring(publicKeys).get(head.keyId);
  return key !== undefined && isSigned(headText(head), head.signature, key);
}

/**
 * Walks the whole chain, oldest first, and stops at the first broken entry. Pure; works on an export, offline.
 * @param publicKeys PEM, Ed25519: the keys that are trusted.
 */
export function verifyAudit(
  entries: readonly AuditEntry[],
  publicKeys: readonly string[],
  options: VerifyAuditOptions = {},
): AuditVerdict {
  const keys = keyring(publicKeys);
  const fault = chainFault(entries, keys) ?? headFault(entries, publicKeys, options) ?? witnessFault(entries, options);
  if (fault) return { ok: false, entries: entries.length, fault };
  return { ok: true, entries: entries.length, keyIds: [...new Set(entries.map((entry) => entry.keyId))] };
}

/** AUDIT_BROKEN for the operator. */
export function auditBroken(fault: AuditFault): ChpError {
  return new ChpError('AUDIT_BROKEN', `the audit chain is broken at entry ${fault.seq}: ${fault.message}`, {
    why: `Kind of damage: ${fault.kind}. Entries before ${fault.seq} are as they were written.`,
    next: [
      'Compare with the last export: chp audit export, or a copy of the registry.',
      'Find out who can write to the registry.',
    ],
    details: { ...fault },
  });
}

function chainFault(entries: readonly AuditEntry[], keys: Map<string, KeyObject>): AuditFault | undefined {
  let previous = AUDIT_GENESIS;
  for (const [index, entry] of entries.entries()) {
    const seq = index + 1;
    if (entry.seq !== seq) return gapFault(entries, index);
    if (hashAs(entry, entry.seq) !== entry.hash) {
      return wasElsewhere(entry, entries.length)
        ? { kind: 'reordered', seq, message: 'it was written at another place in the chain' }
        : { kind: 'edited', seq, message: 'its content does not match its hash' };
    }
    if (entry.previous !== previous)
      return { kind: 'edited', seq, message: 'it does not follow from the entry before it' };
    const key = keys.get(entry.keyId);
    if (!key)
      return { kind: 'unknown-key', seq, message: `it is signed by the key ${entry.keyId}, which is not trusted` };
    if (!isSigned(entry.hash, entry.signature, key))
      return { kind: 'bad-signature', seq, message: 'its signature does not verify' };
    previous = entry.hash;
  }
  return undefined;
}

function gapFault(entries: readonly AuditEntry[], index: number): AuditFault {
  const seq = index + 1;
  if (entries.slice(index).some((entry) => entry.seq === seq))
    return { kind: 'reordered', seq, message: 'another entry stands in its place' };
  return { kind: 'removed', seq, message: 'it is missing' };
}

function headFault(
  entries: readonly AuditEntry[],
  publicKeys: readonly string[],
  { head }: VerifyAuditOptions,
): AuditFault | undefined {
  if (head === undefined) return undefined;
  const last = entries.at(-1);
  if (head === null)
    return last && { kind: 'bad-head', seq: last.seq, message: 'the signed head of the chain is missing' };
  if (!verifyAuditHead(head, publicKeys))
    return { kind: 'bad-head', seq: head.seq, message: 'the head of the chain is not signed by a trusted key' };
  const seq = last?.seq ?? 0;
  if (seq < head.seq)
    return { kind: 'truncated', seq: seq + 1, message: `the entries ${seq + 1} to ${head.seq} are missing at the end` };
  if (seq > head.seq)
    return { kind: 'bad-head', seq: head.seq + 1, message: 'the head of the chain was put back to an older one' };
  return last?.hash === head.hash
    ? undefined
    : { kind: 'edited', seq, message: 'it is not the entry that the head names' };
}

function witnessFault(entries: readonly AuditEntry[], { witness }: VerifyAuditOptions): AuditFault | undefined {
  if (!witness || entries[witness.seq - 1]?.hash === witness.hash) return undefined;
  return { kind: 'rewritten', seq: witness.seq, message: 'it is not the entry that this machine wrote or saw before' };
}

function wasElsewhere(entry: AuditEntry, length: number): boolean {
  for (let seq = 1; seq <= length + 1; seq++) if (hashAs(entry, seq) === entry.hash) return true;
  return false;
}

function hashAs({ at, actor, action, tenant, details, previous }: AuditEntry, seq: number): string {
  return digestOf({ seq, at, actor, action, tenant, details, previous });
}

const headText = (head: Pick<AuditHead, 'seq' | 'hash'>): string => `chp-audit-head:${head.seq}:${head.hash}`;

function signText(text: string, signer: AuditSigner): string {
  return sign(null, Buffer.from(text), createPrivateKey(signer.privateKeyPem)).toString('base64');
}

function isSigned(text: string, signature: string, key: KeyObject): boolean {
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

function keyring(publicKeys: readonly string[]): Map<string, KeyObject> {
  return new Map(publicKeys.map((pem) => [auditKeyId(pem), createPublicKey(pem)]));
}
