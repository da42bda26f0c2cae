import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type AuditSigner,
  auditBroken,
  auditKeyId,
  makeAuditEntry,
  makeAuditHead,
  verifyAudit,
} from '../../../src/core/audit.ts';
import { readAuditExport, writeAuditExport } from '../../../src/core/audit-export.ts';
import type { AuditEntry, AuditHead } from '../../../src/core/ports/registry.ts';

function newSigner(): AuditSigner {
  const pair = generateKeyPairSync('ed25519');
  const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { keyId: auditKeyId(publicKeyPem), publicKeyPem, privateKeyPem };
}

const signer = newSigner();
const keys = [signer.publicKeyPem];

function chain(
  length: number,
  by: (index: number) => AuditSigner = () => signer,
): { entries: AuditEntry[]; head: AuditHead | null } {
  const entries: AuditEntry[] = [];
  let head: AuditHead | null = null;
  for (let i = 0; i < length; i++) {
    const at = new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString();
    const entry = makeAuditEntry(
      head,
      { at, actor: 'tester', action: `act.${i}`, tenant: 'smith', details: { i } },
      by(i),
    );
    head = makeAuditHead(entry, by(i));
    entries.push(entry);
  }
  return { entries, head };
}

describe('verifyAudit', () => {
  test('accepts a chain as it was written, also an empty one, also by two keys', () => {
    const { entries, head } = chain(10);
    expect(verifyAudit(entries, keys, { head })).toEqual({ ok: true, entries: 10, keyIds: [signer.keyId] });
    expect(verifyAudit([], keys, { head: null })).toEqual({ ok: true, entries: 0, keyIds: [] });
    const other = newSigner();
    const mixed = chain(4, (i) => (i % 2 ? other : signer));
    expect(verifyAudit(mixed.entries, [...keys, other.publicKeyPem], { head: mixed.head })).toMatchObject({ ok: true });
    expect(verifyAudit(mixed.entries, keys, { head: mixed.head })).toMatchObject({
      fault: { kind: 'unknown-key', seq: 2 },
    });
  });

  test('finds a change of any field of any entry', () => {
    const changes: Partial<AuditEntry>[] = [
      { at: '2026-02-02T00:00:00.000Z' },
      { actor: 'other' },
      { action: 'other' },
      { tenant: null },
      { details: { i: 99 } },
      { previous: 'f'.repeat(64) },
      { hash: 'f'.repeat(64) },
      { signature: Buffer.alloc(64).toString('base64') },
      { keyId: 'f'.repeat(16) },
    ];
    const { entries, head } = chain(5);
    for (const change of changes)
      for (let i = 0; i < 5; i++) {
        const damaged = entries.with(i, { ...(entries[i] as AuditEntry), ...change });
        expect(verifyAudit(damaged, keys, { head }), JSON.stringify(change)).toMatchObject({
          ok: false,
          fault: { seq: i + 1 },
        });
      }
  });

  test('finds every single removal and every swap', () => {
    const { entries, head } = chain(6);
    for (let i = 0; i < 6; i++) {
      const kind = i === 5 ? 'truncated' : 'removed';
      expect(verifyAudit(entries.toSpliced(i, 1), keys, { head })).toMatchObject({ fault: { kind, seq: i + 1 } });
      for (let j = i + 1; j < 6; j++) {
        const [a, b] = [entries[i] as AuditEntry, entries[j] as AuditEntry];
        const moved = entries.with(i, b).with(j, a);
        const renumbered = entries.with(i, { ...b, seq: a.seq }).with(j, { ...a, seq: b.seq });
        for (const swapped of [moved, renumbered])
          expect(verifyAudit(swapped, keys, { head })).toMatchObject({ fault: { kind: 'reordered', seq: i + 1 } });
      }
    }
  });

  test('finds entries put in, also well formed ones of a key that is not trusted', () => {
    const { entries, head } = chain(3);
    const forged = makeAuditEntry(head, { ...(entries[0] as AuditEntry), action: 'forged' }, newSigner());
    expect(verifyAudit([...entries, forged], keys, { head })).toMatchObject({ fault: { kind: 'unknown-key', seq: 4 } });
    expect(
      verifyAudit([...entries, forged], keys, { head: { ...(head as AuditHead), seq: 4, hash: forged.hash } }),
    ).toMatchObject({ ok: false });
    expect(verifyAudit([...entries, entries[2] as AuditEntry], keys, { head })).toMatchObject({
      ok: false,
      fault: { seq: 4 },
    });
  });

  test('finds a head that is missing, older, of another chain', () => {
    const { entries, head } = chain(4);
    expect(verifyAudit(entries, keys, { head: null })).toMatchObject({ fault: { kind: 'bad-head' } });
    expect(verifyAudit(entries, keys, { head: chain(3).head })).toMatchObject({ fault: { kind: 'bad-head', seq: 4 } });
    const other = chain(4, () => signer);
    const different = { ...other.entries[3], hash: 'a'.repeat(64) } as AuditEntry;
    expect(verifyAudit(entries, keys, { head: makeAuditHead(different, signer) })).toMatchObject({
      fault: { kind: 'edited', seq: 4 },
    });
    expect(verifyAudit(entries, keys, { head, witness: { seq: 2, hash: 'a'.repeat(64) } })).toMatchObject({
      fault: { kind: 'rewritten', seq: 2 },
    });
    expect(verifyAudit(entries, keys, { head, witness: entries[1] })).toMatchObject({ ok: true });
  });

  test('hashes what JSON keeps of the details, so that a read entry verifies', () => {
    const details = { when: new Date(0), none: undefined, list: [1, undefined], ratio: 0.1, text: 'ü\u2028"' };
    const entry = makeAuditEntry(null, { at: 'now', actor: 'a', action: 'b', tenant: null, details }, signer);
    const read = JSON.parse(JSON.stringify(entry)) as AuditEntry;
    expect(read.details).toEqual({ when: '1970-01-01T00:00:00.000Z', list: [1, null], ratio: 0.1, text: 'ü\u2028"' });
    expect(verifyAudit([read], keys)).toMatchObject({ ok: true });
  });

  test('its fault becomes an error with exit code 11', () => {
    const error = auditBroken({ kind: 'edited', seq: 3, message: 'its content does not match its hash' });
    expect([error.code, error.exitCode, error.message]).toEqual([
      'AUDIT_BROKEN',
      11,
      expect.stringContaining('entry 3'),
    ]);
  });
});

describe('the export', () => {
  test('is JSON Lines, and reads back the same', () => {
    const { entries, head } = chain(3);
    const text = writeAuditExport({ entries, head, publicKeys: keys });
    expect(text.endsWith('\n') && text.trimEnd().split('\n')).toHaveLength(4);
    expect(readAuditExport(text)).toEqual({ entries, head, publicKeys: keys });
  });

  test.each([
    ['', 'first line'],
    ['hello', 'line 1'],
    ['{"a":1}', 'first line'],
    ['[]', 'line 1'],
    ['{"format":"chp-audit","version":2,"publicKeys":[]}', 'version 2'],
    ['{"format":"chp-audit","version":1,"publicKeys":[]}\n{"seq":', 'line 2'],
  ])('refuses %j', (text, words) => {
    expect(() => readAuditExport(text)).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining(words) }),
    );
  });
});
