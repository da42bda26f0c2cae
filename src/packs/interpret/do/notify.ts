import { failureOf, StepFailure } from '../failure.ts';
import { peopleOf } from './people.ts';
import { act, plan, type VerbStep } from './verb-step.ts';

/** One act a person, so that whom a message reached does not get it again when another’s is tried anew. */
export async function notify(call: VerbStep): Promise<unknown> {
  const {
    to,
    roles,
    text,
    urgency = 'normal',
  } = call.with as {
    to?: string | string[];
    roles?: string[];
    text: string;
    urgency?: 'low' | 'normal' | 'emergency';
  };
  const people = peopleOf(call.running.input.tenant.members, to, roles, 'notify');
  if (call.running.input.dryRun) {
    plan(call, { to: people.map(({ id }) => id), text, urgency });
    return { deliveries: people.map(({ id }) => ({ to: id, via: 'dry-run', id: null })), failed: [] };
  }
  const sent = await Promise.all(
    people.map(async ({ id }) => {
      try {
        const { via, id: message } = await act(call, 'notify', { to: id, text, urgency }, { apart: `/${id}` });
        return { to: id, via, id: message };
      } catch (error) {
        return { to: id, failure: failureOf(error) };
      }
    }),
  );
  const failed = sent.flatMap((one) => ('failure' in one && one.failure ? [{ to: one.to, failure: one.failure }] : []));
  const [first] = failed;
  if (first && failed.length === people.length)
    throw new StepFailure(first.failure.kind, `nobody could be told: ${first.failure.reason}`);
  return {
    deliveries: sent.filter((one) => !('failure' in one)),
    failed: failed.map(({ to: id, failure }) => ({ to: id, message: failure.reason })),
  };
}
