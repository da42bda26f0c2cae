import { act, plan, type VerbStep } from './verb-step.ts';

export async function audit(call: VerbStep): Promise<unknown> {
  const { input } = call.running;
  const {
    event,
    actor = input.trigger.by,
    details = {},
  } = call.with as {
    event: string;
    actor?: string;
    details?: Record<string, unknown>;
  };
  if (!input.dryRun) return act(call, 'audit', { event, actor, details });
  plan(call, { event, actor, details });
  return { id: 'dry-run' };
}
