import { ChpError, type ErrorCode } from '../core/errors.ts';
import type { StepHandle } from '../core/ports/progress.ts';
import type { Context } from './context.ts';

export type TenantOutcome<T> =
  | { tenant: string; ok: true; result: T }
  | { tenant: string; ok: false; error: { code: ErrorCode; message: string; why: string | null; next: string[] } };

export interface ManyOutcomes<T> {
  /** In the order in which they were asked for. */
  tenants: TenantOutcome<T>[];
  failed: number;
}

/**
 * Runs `work` for several tenants, `atOnce` at a time: what it takes of memory and connections grows with that, not with
 * the number of tenants. One that fails does not keep the others from going on. Nobody is asked anything: several
 * questions at once could not be told apart. After Ctrl-C no further one is begun.
 *
 * @throws TENANT_NOT_FOUND before anything is done
 */
export async function forEachTenant<T>(
  context: Context,
  names: readonly string[],
  options: { title: string; atOnce: number },
  work: (context: Context, tenant: string) => Promise<T>,
): Promise<ManyOutcomes<T>> {
  const registry = await context.registry();
  const wanted = [...new Set(names)];
  for (const name of wanted) await registry.tenant(name);
  const outcomes = new Map<string, TenantOutcome<T>>();
  await context.progress.step(options.title, async (step) => {
    const left = wanted.values();
    const lane = async (): Promise<void> => {
      for (const tenant of left) {
        outcomes.set(tenant, await attempt(contextFor(context, step, tenant), tenant, work));
        step.update(outcomes.size, wanted.length, 'tenants');
      }
    };
    await Promise.all(Array.from({ length: Math.min(options.atOnce, wanted.length) }, lane));
    step.says(wanted.length === 1 ? '1 tenant' : `${wanted.length} tenants`);
  });
  const tenants = wanted.flatMap((tenant) => outcomes.get(tenant) ?? []);
  return { tenants, failed: tenants.filter(({ ok }) => !ok).length };
}

async function attempt<T>(
  context: Context,
  tenant: string,
  work: (context: Context, tenant: string) => Promise<T>,
): Promise<TenantOutcome<T>> {
  try {
    if (context.signal.aborted) throw new ChpError('INTERRUPTED', 'it was not begun');
    return { tenant, ok: true, result: await work(context, tenant) };
  } catch (error) {
    const fault = error instanceof ChpError ? error : new ChpError('INTERNAL', String(error), { cause: error });
    const { code, message, why, next } = fault;
    return { tenant, ok: false, error: { code, message, why: why ?? null, next: [...next] } };
  }
}

/** Steps of many at once can't be drawn: only what is worth saying is said, with the tenant's name. */
export function contextFor(context: Context, step: StepHandle, tenant: string): Context {
  const progress: StepHandle = {
    step: (_, work) => work(progress),
    note: (text) => step.note(`${tenant}: ${text}`),
    warn: (text) => step.warn(`${tenant}: ${text}`),
    update: () => {},
    says: () => {},
  };
  const { confirmHostKey: _key, passphrase: _phrase, ...ssh } = context.ssh;
  return { ...context, progress, ssh };
}
