import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrationsFor } from '../../../src/adapters/registry/migrations.ts';
import { openRegistry } from '../../../src/adapters/registry/open.ts';
import { encryptTo, generateIdentity } from '../../../src/adapters/secrets/age.ts';
import { ChpError } from '../../../src/core/errors.ts';
import type { Registry } from '../../../src/core/ports/registry.ts';
import { redactor } from '../../../src/core/redact.ts';
import { auditSuite } from './audit-suite.ts';
import { jobsAndLocksSuite } from './jobs-suite.ts';
import { runAtOnce } from './processes.ts';
import { rolloutsSuite } from './rollouts-suite.ts';

/** A fresh, empty registry in a fresh CHP_HOME. */
export interface Target {
  env: NodeJS.ProcessEnv;
  /** Direct SQL, past chp. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** All that is at rest, as text. */
  dump(): Promise<string>;
  remove(): Promise<void>;
}

export const smith = { name: 'smith', topology: 'hub', host: 'local', document: 'schema: 1\nname: smith\n' } as const;
const ana = { id: 'ana', name: 'Ana', role: 'Admin' };
const digest = (letter: string) => letter.repeat(64);

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => (error instanceof ChpError ? error.code : String(error)),
  );
}

/** The same behaviour on every database. */
export function registrySuite(database: string, fresh: () => Promise<Target>): void {
  describe(`registry on ${database}`, () => {
    let target: Target;
    let registry: Registry;
    beforeEach(async () => {
      target = await fresh();
      registry = await openRegistry(target.env);
    });
    afterEach(async () => {
      await registry.close();
      await target.remove();
    });

    test('keeps tenants and members', async () => {
      const made = await registry.createTenant(smith, [ana, { id: 'ben', name: 'Ben', role: 'Teen' }]);
      expect(made).toMatchObject({ ...smith, phase: 'creating', revision: 1, recipient: null, generation: null });
      await registry.createTenant({ ...smith, name: 'jones' }, []);
      await registry.updateTenant('smith', { phase: 'ready', signingPublicKey: 'PEM' });
      expect(await registry.tenant('smith')).toMatchObject({
        ...made,
        phase: 'ready',
        signingPublicKey: 'PEM',
        updatedAt: expect.any(String),
      });
      expect((await registry.tenants()).map(({ name }) => name)).toEqual(['jones', 'smith']);
      expect(await registry.members('smith')).toEqual([
        { tenant: 'smith', ...ana },
        { tenant: 'smith', id: 'ben', name: 'Ben', role: 'Teen' },
      ]);
    });

    test('refuses a second tenant of a name, and names that are none', async () => {
      await registry.createTenant(smith, [ana]);
      expect(await codeOf(registry.createTenant({ ...smith, document: 'other' }, []))).toBe('TENANT_EXISTS');
      expect(await codeOf(registry.createTenant({ ...smith, name: '../etc' }, []))).toBe('BAD_INPUT');
      expect(await codeOf(registry.lock('../etc', 'x', { waitMs: 0 }))).toBe('BAD_INPUT');
      expect(await registry.members('smith')).toHaveLength(1);
      expect((await registry.tenant('smith')).document).toBe(smith.document);
    });

    test('names near tenants when one is not found', async () => {
      for (const name of ['smith', 'smits', 'jones']) await registry.createTenant({ ...smith, name }, []);
      await expect(registry.tenant('smit')).rejects.toMatchObject({
        code: 'TENANT_NOT_FOUND',
        next: ['Did you mean "smith"?', 'Did you mean "smits"?', expect.stringContaining('chp tenant list')],
      });
      await expect(registry.tenant('xylophone')).rejects.toMatchObject({
        next: [expect.stringContaining('chp tenant list')],
      });
      expect(await codeOf(registry.updateTenant('smit', { phase: 'ready' }))).toBe('TENANT_NOT_FOUND');
      expect(await codeOf(registry.saveDocument('smit', 'x', 1, []))).toBe('TENANT_NOT_FOUND');
      expect(await codeOf(registry.addGeneration('smit', digest('a'), '{}'))).toBe('TENANT_NOT_FOUND');
    });

    test('a document saved on top of an old revision is a conflict, and changes nothing', async () => {
      await registry.createTenant(smith, [ana]);
      expect(await registry.saveDocument('smith', 'second', 1, [ana])).toMatchObject({
        document: 'second',
        revision: 2,
      });
      await expect(registry.saveDocument('smith', 'third', 1, [])).rejects.toMatchObject({
        code: 'CONFLICT',
        details: { expected: 1, stored: 2 },
      });
      expect(await registry.tenant('smith')).toMatchObject({ document: 'second', revision: 2 });
      expect(await registry.members('smith')).toHaveLength(1);
    });

    test('of two documents saved at once one wins', async () => {
      await registry.createTenant(smith, []);
      const codes = await Promise.all(
        ['a', 'b', 'c'].map((text) => codeOf(registry.saveDocument('smith', text, 1, [ana]))),
      );
      expect(codes.sort()).toEqual(['CONFLICT', 'CONFLICT', 'no error']);
    });

    test('of eight processes that create the same tenant one wins, on a registry that is not there yet', async () => {
      await registry.close();
      await target.remove();
      target = await fresh();
      const ended = await runAtOnce(8, target.env, 'create', 'smith');
      expect(ended.map(({ code }) => code).sort()).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
      for (const { code, said } of ended) if (code) expect(said).toMatchObject([{ error: { code: 'TENANT_EXISTS' } }]);
      registry = await openRegistry(target.env);
      expect(await registry.tenants()).toHaveLength(1);
    });

    test('numbers generations without gaps across processes', async () => {
      await registry.createTenant(smith, []);
      const ended = await runAtOnce(4, target.env, 'generations', 'smith', '10');
      const numbers = ended.flatMap(({ said }) => said as number[]).sort((a, b) => a - b);
      expect(numbers).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    });

    test('a generation that comes again keeps its number; only a committed one keeps its outcome', async () => {
      await registry.createTenant(smith, []);
      expect(await registry.addGeneration('smith', digest('a'), '{"v":1}')).toMatchObject({
        number: 1,
        outcome: 'pending',
      });
      await registry.setGenerationOutcome('smith', digest('a'), 'committed');
      await registry.addGeneration('smith', digest('b'), '{}');
      await registry.setGenerationOutcome('smith', digest('b'), 'reverted', 'the gateway did not answer');
      expect(await registry.addGeneration('smith', digest('a'), '{"v":2}')).toMatchObject({
        number: 1,
        outcome: 'committed',
        signed: '{"v":2}',
      });
      expect(await registry.addGeneration('smith', digest('b'), '{}')).toMatchObject({
        number: 2,
        outcome: 'pending',
        reason: null,
      });
      expect(await codeOf(registry.setGenerationOutcome('smith', digest('c'), 'failed'))).toBe('NOT_FOUND');
    });

    test('removing a tenant keeps its jobs and audit, nothing else', async () => {
      await registry.createTenant(smith, [ana]);
      const { recipient } = await generateIdentity();
      await registry.setSecret({
        tenant: 'smith',
        name: 'TOKEN',
        recipient,
        ciphertext: await encryptTo(recipient, 'some value'),
      });
      await registry.setSkill({
        tenant: 'smith',
        name: 'garden',
        source: '/skills/garden',
        digest: digest('d'),
        files: '[]',
      });
      await registry.addGeneration('smith', digest('a'), '{}');
      await registry.startJob('smith', 'destroy', 'tester');
      await registry.appendAudit({ actor: 'tester', action: 'tenant.destroy', tenant: 'smith', details: {} });
      await registry.removeTenant('smith');
      await registry.removeTenant('smith');
      const left = await Promise.all([
        registry.members('smith'),
        registry.secrets('smith'),
        registry.skills('smith'),
        registry.generations('smith'),
      ]);
      expect(left).toEqual([[], [], [], []]);
      expect(
        [await registry.jobs('smith'), await registry.audit({ tenant: 'smith' })].map((rows) => rows.length),
      ).toEqual([1, 1]);
      expect(await registry.createTenant(smith, [])).toMatchObject({ revision: 1 });
    });

    test('keeps secrets as ciphertext, and says when they were rotated', async () => {
      await registry.createTenant(smith, []);
      const { recipient } = await generateIdentity();
      const secret = { tenant: 'smith', name: 'API_KEY', recipient };
      await registry.setSecret({ ...secret, ciphertext: await encryptTo(recipient, 'first value') });
      const [first] = await registry.secrets('smith');
      await registry.setSecret({ ...secret, ciphertext: await encryptTo(recipient, 'second value') });
      const [second] = await registry.secrets('smith');
      expect([first?.rotatedFrom, second?.rotatedFrom]).toEqual([null, first?.updatedAt]);
      expect(await codeOf(registry.setSecret({ ...secret, ciphertext: 'in the clear' }))).toBe('INTERNAL');
      await expect(registry.removeSecret('smith', 'API_KEI')).rejects.toMatchObject({
        code: 'NOT_FOUND',
        next: ['Did you mean "API_KEY"?'],
      });
      await registry.removeSecret('smith', 'API_KEY');
      expect(await registry.secrets('smith')).toEqual([]);
    });

    test('keeps skills', async () => {
      await registry.createTenant(smith, []);
      const skill = { tenant: 'smith', name: 'garden', source: '/skills/garden', digest: digest('d'), files: '[]' };
      await registry.setSkill(skill);
      await registry.setSkill({ ...skill, digest: digest('e') });
      expect(await registry.skills('smith')).toMatchObject([{ ...skill, digest: digest('e') }]);
      expect(await codeOf(registry.removeSkill('smith', 'kitchen'))).toBe('NOT_FOUND');
      await registry.removeSkill('smith', 'garden');
      expect(await registry.skills('smith')).toEqual([]);
    });

    test('keeps packs', async () => {
      await registry.createTenant(smith, []);
      const pack = {
        tenant: 'smith',
        id: 'morning-brief',
        name: '@clawd-packs/morning-brief',
        version: '1.0.0',
        catalogue: 'builtin',
        integrity: 'sha512-x',
        keyid: 'SHA256:x',
        signature: 'x',
        publicKey: 'x',
        tarball: 'eA==',
        compiled: '{}',
        digest: digest('d'),
      };
      await registry.setPack(pack);
      await registry.setPack({ ...pack, version: '1.1.0' });
      expect(await registry.packs('smith')).toMatchObject([{ ...pack, version: '1.1.0' }]);
      expect(await codeOf(registry.removePack('smith', 'evening-brief'))).toBe('NOT_FOUND');
      await registry.removePack('smith', 'morning-brief');
      expect(await registry.packs('smith')).toEqual([]);
    });

    test('secrets that were met are in no row', async () => {
      const canary = `canary-${Math.random().toString(36).slice(2)}-"quoted"`;
      await registry.createTenant(smith, [ana]);
      const { identity, recipient } = await generateIdentity();
      await registry.setSecret({
        tenant: 'smith',
        name: 'CANARY',
        recipient,
        ciphertext: await encryptTo(recipient, canary),
      });
      const job = await registry.startJob('smith', 'secret', 'tester');
      await registry.endJob(job.id, 'failed', `refused: ${canary}`);
      await registry.addGeneration('smith', digest('a'), '{}');
      await registry.setGenerationOutcome('smith', digest('a'), 'failed', `with ${encodeURIComponent(canary)}`);
      await registry.appendAudit({
        actor: 'tester',
        action: 'test',
        tenant: 'smith',
        details: { nested: [{ [canary]: canary }], identity },
      });
      await registry.close();
      const dump = await target.dump();
      expect(dump).toContain('[hidden]');
      expect(dump).toContain('BEGIN AGE ENCRYPTED FILE');
      for (const secret of [canary, JSON.stringify(canary).slice(1, -1), identity]) expect(dump).not.toContain(secret);
      expect(redactor.text(canary)).toBe('[hidden]');
    });

    test('a schema step runs once, with four processes at once', async () => {
      await registry.createTenant(smith, []);
      await registry.close();
      const ended = await runAtOnce(4, target.env, 'migrate');
      expect(ended).toEqual(Array.from({ length: 4 }, () => ({ code: 0, said: [] })));
      const known = migrationsFor('sqlite').map(({ version }) => ({ version }));
      expect(await target.sql('select version from chp_migrations order by version')).toMatchObject([
        ...known,
        { version: known.length + 1 },
      ]);
      expect(await target.sql('select name from tenants')).toMatchObject([{ name: 'smith' }]);
      expect(await codeOf(openRegistry(target.env))).toBe('REGISTRY_NEWER');
    });

    jobsAndLocksSuite(() => ({ registry, target }));
    rolloutsSuite(() => ({ registry, target }));
    auditSuite(() => ({ registry, target }));
  });
}
