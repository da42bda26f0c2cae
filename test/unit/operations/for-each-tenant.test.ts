import { expect, test } from 'vitest';
import { ChpError } from '../../../src/core/errors.ts';
import type { Progress } from '../../../src/core/ports/progress.ts';
import type { Registry } from '../../../src/core/ports/registry.ts';
import type { Context } from '../../../src/operations/context.ts';
import { forEachTenant } from '../../../src/operations/for-each-tenant.ts';
import { recordedProgress } from '../../support/progress.ts';

const names = Array.from({ length: 20 }, (_, index) => `t${index}`);

function contextOf(progress: Progress, signal = new AbortController().signal): Context {
  const registry = {
    tenant: async (name: string) => {
      if (!names.includes(name)) throw new ChpError('TENANT_NOT_FOUND', `there is no tenant "${name}"`);
    },
  } as unknown as Registry;
  const ask = async () => true;
  return {
    progress,
    signal,
    ssh: { confirmHostKey: ask, acceptNew: true },
    registry: async () => registry,
  } as Partial<Context> as Context;
}

test('so many at once, and no more; outcomes in the order in which they were asked for', async () => {
  let [running, most] = [0, 0];
  const done: string[] = [];
  const outcome = await forEachTenant(
    contextOf(recordedProgress()),
    [...names, 't3'],
    { title: 'Push', atOnce: 4 },
    async (_, tenant) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < (tenant === 't0' ? 100 : 3); turn++) await new Promise(setImmediate);
      running--;
      done.push(tenant);
      return tenant.toUpperCase();
    },
  );
  expect(most).toBe(4);
  expect(done.at(-1)).toBe('t0');
  expect(outcome).toEqual({
    failed: 0,
    tenants: names.map((tenant) => ({ tenant, ok: true, result: tenant.toUpperCase() })),
  });
});

test('one that fails does not stop the others, and is told whole', async () => {
  const progress = recordedProgress();
  const outcome = await forEachTenant(
    contextOf(progress),
    ['t1', 't2', 't3'],
    { title: 'Push', atOnce: 1 },
    async (context, tenant) => {
      context.progress.warn('careful');
      if (tenant === 't1') throw new ChpError('LOCKED', 'it is locked', { why: 'Somebody works.', next: ['Wait.'] });
      if (tenant === 't2') throw new TypeError('oops');
      return context.progress.step('inner', async () => context.ssh);
    },
  );
  expect(outcome.failed).toBe(2);
  expect(outcome.tenants).toEqual([
    {
      tenant: 't1',
      ok: false,
      error: { code: 'LOCKED', message: 'it is locked', why: 'Somebody works.', next: ['Wait.'] },
    },
    { tenant: 't2', ok: false, error: { code: 'INTERNAL', message: 'TypeError: oops', why: null, next: [] } },
    { tenant: 't3', ok: true, result: { acceptNew: true } },
  ]);
  expect(progress.lines).toContain('warn t3: careful');
});

test('a name that is not known: nothing is done', async () => {
  const done: string[] = [];
  const all = forEachTenant(
    contextOf(recordedProgress()),
    ['t1', 'nobody'],
    { title: 'Push', atOnce: 2 },
    async (_, tenant) => done.push(tenant),
  );
  await expect(all).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
  expect(done).toEqual([]);
});

test('after Ctrl-C none is begun', async () => {
  const stop = new AbortController();
  const { tenants, failed } = await forEachTenant(
    contextOf(recordedProgress(), stop.signal),
    ['t1', 't2', 't3'],
    { title: 'Push', atOnce: 1 },
    async () => stop.abort(),
  );
  expect(failed).toBe(2);
  expect(tenants.map((one) => (one.ok ? 'done' : one.error.code))).toEqual(['done', 'INTERRUPTED', 'INTERRUPTED']);
});
