import { describe, expect, test } from 'vitest';
import { readAuditWitness } from '../../../src/adapters/keys/audit-key.ts';
import { type AuditFault, verifyAudit } from '../../../src/core/audit.ts';
import { readAuditExport, writeAuditExport } from '../../../src/core/audit-export.ts';
import type { Registry } from '../../../src/core/ports/registry.ts';
import { runAtOnce } from './processes.ts';
import { codeOf, type Target } from './suite.ts';

/** What `chp audit verify` does. */
async function verify(registry: Registry, target?: Target) {
  const witness = target && readAuditWitness(registry.location, target.env);
  const publicKeys = (await registry.auditKeys()).map(({ publicKey }) => publicKey);
  return verifyAudit(await registry.audit(), publicKeys, { head: await registry.auditHead(), witness });
}

async function write(registry: Registry, count: number): Promise<void> {
  for (let i = 1; i <= count; i++)
    await registry.appendAudit({
      actor: 'tester',
      action: `test.${i}`,
      tenant: i % 2 ? 'smith' : null,
      details: { i },
    });
}

export function auditSuite(now: () => { registry: Registry; target: Target }): void {
  describe('audit', () => {
    test('eight processes with fifty entries each make one perfect chain', async () => {
      const { registry, target } = now();
      const ended = await runAtOnce(8, target.env, 'audit', 'smith', '50');
      expect(ended.map(({ code }) => code)).toEqual(Array(8).fill(0));
      expect(await verify(registry, target)).toMatchObject({ ok: true, entries: 400 });
      expect(new Set((await registry.audit()).map(({ actor }) => actor)).size).toBe(8);
      expect(await registry.auditKeys()).toHaveLength(1);
    });

    test('filters by tenant, and keeps the last of many', async () => {
      const { registry } = now();
      await write(registry, 6);
      expect((await registry.audit({ tenant: 'smith' })).map(({ seq }) => seq)).toEqual([1, 3, 5]);
      expect((await registry.audit({ limit: 2 })).map(({ seq }) => seq)).toEqual([5, 6]);
    });

    const swap =
      'update audit set seq = 99 where seq = 2; update audit set seq = 2 where seq = 3; update audit set seq = 3 where seq = 99';
    const damages: [string, string, AuditFault['kind'], number][] = [
      ['an edited detail', `update audit set details = '{"i":7}' where seq = 3`, 'edited', 3],
      ['a detail that is no JSON any more', `update audit set details = '{' where seq = 3`, 'edited', 3],
      ['an edited actor', `update audit set actor = 'somebody' where seq = 1`, 'edited', 1],
      [
        'an edited time of the last entry',
        `update audit set at = '2020-01-01T00:00:00.000Z' where seq = 5`,
        'edited',
        5,
      ],
      [
        'a forged signature',
        'update audit set signature = (select signature from audit where seq = 1) where seq = 2',
        'bad-signature',
        2,
      ],
      ['an unknown key', `update audit set key_id = '0000000000000000' where seq = 2`, 'unknown-key', 2],
      ['a removed first entry', 'delete from audit where seq = 1', 'removed', 1],
      ['a removed middle entry', 'delete from audit where seq = 3', 'removed', 3],
      ['a removed last entry', 'delete from audit where seq = 5', 'truncated', 5],
      ['all entries removed', 'delete from audit', 'truncated', 1],
      ['two swapped entries', swap, 'reordered', 2],
      ['a removed head', 'delete from audit_head', 'bad-head', 5],
      [
        'a head put back without its signature',
        'delete from audit where seq > 3; update audit_head set seq = 3',
        'bad-head',
        3,
      ],
    ];
    test.each(damages)('finds %s', async (_name, sql, kind, seq) => {
      const { registry, target } = now();
      await write(registry, 5);
      expect(await verify(registry, target)).toMatchObject({ ok: true, entries: 5 });
      await target.sql(sql);
      expect(await verify(registry)).toMatchObject({ ok: false, fault: { kind, seq } });
    });

    test('a removed last entry is still found after more were written', async () => {
      const { registry, target } = now();
      await write(registry, 3);
      await target.sql('delete from audit where seq = 3');
      await write(registry, 2);
      expect(await verify(registry)).toMatchObject({ ok: false, fault: { kind: 'removed', seq: 3 } });
    });

    test('writes nothing after a head that was removed or forged', async () => {
      const { registry, target } = now();
      await write(registry, 2);
      await target.sql(`update audit_head set hash = '${'0'.repeat(64)}'`);
      expect(await codeOf(write(registry, 1))).toBe('AUDIT_BROKEN');
      await target.sql('delete from audit_head');
      expect(await codeOf(write(registry, 1))).toBe('AUDIT_BROKEN');
      expect(await registry.audit()).toHaveLength(2);
    });

    test('an older registry put back as a whole is found by what this machine remembers', async () => {
      const { registry, target } = now();
      await write(registry, 3);
      const head = await registry.auditHead();
      await write(registry, 2);
      await target.sql(
        `delete from audit where seq > 3; update audit_head set seq = 3, hash = '${head?.hash}', signature = '${head?.signature}'`,
      );
      expect(await verify(registry)).toMatchObject({ ok: true, entries: 3 });
      expect(await verify(registry, target)).toMatchObject({ ok: false, fault: { kind: 'rewritten', seq: 5 } });
    });

    test('an export is verified offline', async () => {
      const { registry } = now();
      await write(registry, 4);
      const publicKeys = (await registry.auditKeys()).map(({ publicKey }) => publicKey);
      const text = writeAuditExport({ entries: await registry.audit(), head: await registry.auditHead(), publicKeys });
      const read = readAuditExport(text);
      expect(verifyAudit(read.entries, publicKeys, { head: read.head })).toMatchObject({ ok: true, entries: 4 });
      const edited = readAuditExport(text.replace('"test.2"', '"test.9"'));
      expect(verifyAudit(edited.entries, publicKeys, { head: edited.head })).toMatchObject({
        fault: { kind: 'edited', seq: 2 },
      });
    });
  });
}
