import { describe, expect, test } from 'vitest';
import type { Registry } from '../../../src/core/ports/registry.ts';
import type { PlannedTenant } from '../../../src/core/ports/rollouts.ts';
import type { RolloutSpec } from '../../../src/core/rollout/spec.ts';
import { hanging } from './processes.ts';
import { codeOf, type Target } from './suite.ts';

const SPEC: RolloutSpec = {
  operation: { name: 'apply', options: {} },
  selector: 'ring=stable',
  executor: 'local',
  waves: ['canary', 'stable'],
  canary: 1,
  maxFailures: 0,
  soakMs: 0,
  jitterMs: 0,
  seed: 7,
  atOnce: 8,
  ignoreWindows: false,
  waitForWindows: false,
};
const planned = (tenant: string, wave: number, state: PlannedTenant['state'] = 'waiting'): PlannedTenant => ({
  tenant,
  wave,
  state,
  reason: null,
  opensAt: null,
});
const DONE = { state: 'done', reason: null, opensAt: null } as const;

export function rolloutsSuite(now: () => { registry: Registry; target: Target }): void {
  describe('rollouts', () => {
    const made = (count = 3) =>
      now().registry.createRollout(
        SPEC,
        'tester',
        Array.from({ length: count }, (_, index) => planned(`t${index}`, index === 0 ? 0 : 1)),
      );
    const states = async (id: string) =>
      (await now().registry.rolloutTenants(id)).map(({ tenant, state }) => `${tenant} ${state}`);

    test('keeps what was planned, whatever its size, and finds it by the beginning of its id', async () => {
      const { registry } = now();
      const { id } = await made(1203);
      await made();
      expect(await registry.rollout(id.slice(0, 13))).toMatchObject({ id, spec: SPEC, state: 'running', epoch: 0 });
      const rows = await registry.rolloutTenants(id);
      expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: 1203 }, (_, index) => index));
      expect(rows[1202]).toMatchObject({ tenant: 't1202', wave: 1, state: 'waiting', attempt: 0 });
      expect(await registry.rollouts()).toHaveLength(2);
      expect(await codeOf(registry.rollout(''))).toBe('NOT_FOUND');
      expect(await codeOf(registry.rollout('%'))).toBe('NOT_FOUND');
      expect(await codeOf(registry.rollout('ffffffff-0000'))).toBe('NOT_FOUND');
    });

    test('each tenant is begun and ended once; what is done is not begun again', async () => {
      const { registry } = now();
      const { id } = await made();
      const { epoch } = await registry.takeRollout(id, { retry: false });
      expect(await registry.beginRolloutTenant(id, epoch, 't0')).toBe(1);
      await registry.endRolloutTenant(id, 't0', 1, DONE);
      expect(await registry.beginRolloutTenant(id, epoch, 't0')).toBeNull();
      expect(await codeOf(registry.endRolloutTenant(id, 't0', 1, DONE))).toBe('CONFLICT');
      await registry.checkedRolloutTenant(id, epoch, 't0', 'the gateway does not answer');
      expect((await registry.rolloutTenants(id))[0]).toMatchObject({
        state: 'failed',
        reason: 'the gateway does not answer',
        checkedAt: expect.any(String),
      });
      await registry.endRollout(id, epoch, 'halted', 'one failed');
      expect(await registry.rollout(id)).toMatchObject({ state: 'halted', reason: 'one failed', wanted: null });
    });

    test('whoever takes over fences off the one before, and begins anew what that one was at', async () => {
      const { registry } = now();
      const { id } = await made();
      const first = await registry.takeRollout(id, { retry: false });
      const attempt = (await registry.beginRolloutTenant(id, first.epoch, 't0')) ?? 0;
      await registry.askRollout(id, 'pause');
      expect((await registry.rollout(id)).wanted).toBe('pause');
      const second = await registry.takeRollout(id, { retry: false });
      expect(second).toMatchObject({ epoch: first.epoch + 1, wanted: null, forgiven: 0 });
      expect(await states(id)).toEqual(['t0 waiting', 't1 waiting', 't2 waiting']);

      expect(await codeOf(registry.beginRolloutTenant(id, first.epoch, 't1'))).toBe('CONFLICT');
      expect(await codeOf(registry.endRolloutTenant(id, 't0', attempt, DONE))).toBe('CONFLICT');
      expect(await codeOf(registry.endRollout(id, first.epoch, 'done', null))).toBe('CONFLICT');
      expect(await registry.beginRolloutTenant(id, second.epoch, 't0')).toBe(attempt + 1);
      expect(await codeOf(registry.endRolloutTenant(id, 't0', attempt, DONE))).toBe('CONFLICT');
      expect(await states(id)).toEqual(['t0 running', 't1 waiting', 't2 waiting']);
    });

    test('failures that an operator has seen are forgiven, or tried again', async () => {
      const { registry } = now();
      const { id } = await made();
      const { epoch } = await registry.takeRollout(id, { retry: false });
      const attempt = (await registry.beginRolloutTenant(id, epoch, 't0')) ?? 0;
      await registry.endRolloutTenant(id, 't0', attempt, { state: 'failed', reason: 'no', opensAt: null });
      await registry.endRollout(id, epoch, 'halted', 'one failed');
      expect(await registry.takeRollout(id, { retry: false })).toMatchObject({ forgiven: 1, state: 'running' });
      await registry.endRollout(id, epoch + 1, 'halted', 'one failed');
      expect(await registry.takeRollout(id, { retry: true })).toMatchObject({ forgiven: 0 });
      expect(await states(id)).toEqual(['t0 waiting', 't1 waiting', 't2 waiting']);
    });

    test('the lock of a rollout is free again when its process is killed', async () => {
      const { registry, target } = now();
      const { id } = await made();
      await using worker = await hanging(target.env, 'rollout-lock', id);
      expect(await registry.lockRollout(id, 'take over', { waitMs: 0 }).catch((error) => error)).toMatchObject({
        code: 'LOCKED',
        message: `job ${id} is locked by another run`,
        details: { holder: { pid: worker.pid, what: 'run it' } },
      });
      await worker.kill();
      await using _freed = await registry.lockRollout(id, 'take over', { waitMs: 5000 });
    });
  });
}
