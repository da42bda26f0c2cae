import type { RolloutEnd } from '../../core/rollout/decide.ts';
import type { Context } from '../context.ts';

/** Writes how a rollout ended into journal and audit. @throws CONFLICT when another chp has taken it over */
export async function endRollout(context: Context, id: string, epoch: number, end: RolloutEnd): Promise<void> {
  await (await context.registry()).together(async (changes) => {
    await changes.endRollout(id, epoch, end.state, end.reason);
    const details = { job: id, ...end };
    await changes.appendAudit({ actor: context.actor, action: 'rollout.end', tenant: null, details });
  });
}
