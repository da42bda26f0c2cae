import { describe, expect, test } from 'vitest';
import type { LockHolder, Registry } from '../../../src/core/ports/registry.ts';
import { hanging } from './processes.ts';
import { codeOf, smith, type Target } from './suite.ts';

export function jobsAndLocksSuite(now: () => { registry: Registry; target: Target }): void {
  describe('jobs and locks', () => {
    test('keeps the journal of a job', async () => {
      const { registry } = now();
      const job = await registry.startJob('smith', 'create', 'tester');
      for (const step of ['plan', 'push']) {
        await registry.beginStep(job.id, step);
        await registry.endStep(job.id, step);
      }
      await registry.beginStep(job.id, 'check');
      await registry.endJob(job.id, 'failed', 'the gateway did not answer');
      const [kept] = await registry.jobs('smith');
      expect(kept).toMatchObject({ id: job.id, state: 'failed', error: 'the gateway did not answer', actor: 'tester' });
      expect(kept?.steps.map(({ step, ended }) => [step, ended !== null])).toEqual([
        ['plan', true],
        ['push', true],
        ['check', false],
      ]);
      expect(await registry.interruptedJobs('smith')).toEqual([]);
      expect(await codeOf(registry.endStep(job.id, 'plan'))).toBe('INTERNAL');
      expect(await codeOf(registry.endJob('nobody', 'done'))).toBe('INTERNAL');
    });

    test('changes that are made together are all there, or none is', async () => {
      const { registry } = now();
      await registry.createTenant(smith, []);
      const id = await registry.together(async (changes) => {
        const job = await changes.startJob('smith', 'apply', 'tester');
        await changes.beginStep(job.id, 'push');
        await changes.endStep(job.id, 'push', '2026-01-01T00:00:00.000Z');
        await changes.appendAudit({ actor: 'tester', action: 'tenant.apply', tenant: 'smith', details: {} });
        await changes.appendAudit({ actor: 'tester', action: 'tenant.apply', tenant: 'smith', details: {} });
        return job.id;
      });
      expect(await registry.jobs('smith')).toMatchObject([
        { id, state: 'running', steps: [{ step: 'push', ended: '2026-01-01T00:00:00.000Z' }] },
      ]);
      const cut = registry.together(async (changes) => {
        await changes.endJob(id, 'done');
        await changes.updateTenant('smith', { phase: 'ready' });
        await changes.appendAudit({ actor: 'tester', action: 'tenant.apply', tenant: 'smith', details: {} });
        throw new Error('cut');
      });
      await expect(cut).rejects.toThrow('cut');
      expect(await registry.jobs('smith')).toMatchObject([{ id, state: 'running' }]);
      expect((await registry.tenant('smith')).phase).toBe('creating');
      expect((await registry.audit()).map(({ seq }) => seq)).toEqual([1, 2]);
    });

    test('a job whose process was killed is found interrupted, with the step it was in', async () => {
      const { registry, target } = now();
      await using worker = await hanging(target.env, 'job', 'smith');
      const other = await registry.startJob('jones', 'apply', 'tester');
      await worker.kill();
      await using _lock = await registry.lock('smith', 'recover', { waitMs: 5000 });
      const [job, ...more] = await registry.interruptedJobs('smith');
      expect(more).toEqual([]);
      expect(job).toMatchObject({ id: worker.said, state: 'interrupted', kind: 'apply' });
      expect(job?.steps.map(({ step, ended }) => [step, ended !== null])).toEqual([
        ['plan', true],
        ['push', false],
      ]);
      expect(await registry.interruptedJobs('smith')).toEqual([]);
      expect(await registry.jobs('jones')).toMatchObject([{ id: other.id, state: 'running' }]);
    });

    test('a writer killed in the middle of a transaction leaves nothing, and blocks nobody', async () => {
      const { registry, target } = now();
      await using worker = await hanging(target.env, 'transaction', 'smith');
      await worker.kill();
      expect(await registry.tenants()).toEqual([]);
      expect(await registry.members('smith')).toEqual([]);
      await registry.createTenant(smith, []);
      await registry.appendAudit({ actor: 'tester', action: 'test', tenant: null, details: {} });
    });

    test('says who holds a lock, since when and for what', async () => {
      const { registry, target } = now();
      await using worker = await hanging(target.env, 'lock', 'smith');
      const error = await registry.lock('smith', 'apply smith', { waitMs: 0 }).catch((caught) => caught);
      expect(error).toMatchObject({
        code: 'LOCKED',
        exitCode: 5,
        message: 'tenant "smith" is locked by another run',
        details: { holder: { pid: worker.pid, what: 'hold the lock' }, ageSeconds: expect.any(Number) },
      });
      expect(error.why).toMatch(new RegExp(`pid ${worker.pid}.*"hold the lock" for \\d+ s`));
      await using _other = await registry.lock('jones', 'apply jones', { waitMs: 0 });
      await worker.kill();
      await using _freed = await registry.lock('smith', 'apply smith', { waitMs: 5000 });
    });

    test('waits for a lock, and tells whom it waits for', async () => {
      const { registry } = now();
      const first = await registry.lock('smith', 'first', { waitMs: 0 });
      const told: LockHolder[] = [];
      const second = registry.lock('smith', 'second', { waitMs: 20_000, onWait: (holder) => told.push(holder) });
      await expect.poll(() => told.length).toBe(1);
      expect(told).toMatchObject([{ what: 'first', pid: process.pid }]);
      await first.release();
      await first.release();
      await (await second).release();
    });
  });
}
