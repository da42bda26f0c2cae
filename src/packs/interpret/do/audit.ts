import { act, type VerbStep } from './verb-step.ts';

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
  return input.dryRun ? { id: 'dry-run' } : act(call, 'audit', { event, actor, details });
}
