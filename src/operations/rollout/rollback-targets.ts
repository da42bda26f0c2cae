import type { RolloutOperation } from '../../core/rollout/spec.ts';
import type { Context } from '../context.ts';
import { selectTenants } from '../select-tenants.ts';

/**
 * Back to what each tenant ran before, as one operation. The generation is decided here, once: "the one before" would mean
 * another one when a tenant is begun again after a cut.
 */
export async function rollbackOperation(
  context: Context,
  selector: string | null,
  state: 'keep' | 'restore' | null,
): Promise<RolloutOperation> {
  const registry = await context.registry();
  const targets: Record<string, string> = {};
  for (const { record } of await selectTenants(context, selector)) {
    const all = await registry.generations(record.name);
    const current = all.find(({ digest }) => digest === record.generation);
    const before = all.filter(({ outcome, number }) => outcome === 'committed' && number < (current?.number ?? 0));
    const target = before.toSorted((a, b) => b.number - a.number)[0];
    if (target) targets[record.name] = target.digest;
  }
  return { name: 'rollback', options: { state }, targets };
}
