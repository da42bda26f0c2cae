import type { Context } from '../context.ts';
import type { RolloutResult } from './result.ts';
import { runLocally } from './run-local.ts';

/** Runs a rollout where it belongs, from wherever it stands. @throws as the executor */
export async function runRollout(context: Context, id: string, options: { retry: boolean }): Promise<RolloutResult> {
  const { spec } = await (await context.registry()).rollout(id);
  if (spec.executor === 'local') return runLocally(context, id, options);
  const { runOnTemporal } = await import('./temporal/client.ts');
  return runOnTemporal(context, id, options);
}
