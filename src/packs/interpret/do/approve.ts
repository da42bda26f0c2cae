import type { Envelope } from '../../../core/ports/automation.ts';
import { durationMs } from '../../time.ts';
import { RunEnd, StepFailure } from '../failure.ts';
import type { Decision } from '../ports.ts';
import { iso } from '../state.ts';
import { counted, envelopeOf, shown, who } from './envelope.ts';
import { peopleOf } from './people.ts';
import { act, plan, type VerbStep } from './verb-step.ts';

interface ApproveInput {
  summary: string;
  details?: Record<string, unknown>;
  approvers?: string | string[];
  roles?: string[];
  quorum?: number;
  expires?: string;
}

/** Asks, waits for the quorum, a no or the end, and settles the envelope. */
export async function approve(call: VerbStep): Promise<unknown> {
  const { summary, details, approvers, roles, quorum = 1, expires = '1h' } = call.with as unknown as ApproveInput;
  const { ports, input } = call.running;
  const people = peopleOf(input.tenant.members, approvers, roles, 'approve');
  if (people.length < quorum)
    throw new StepFailure('needs-info', `approve: ${quorum} must say yes, but only ${people.length} may answer`);
  const deadline = ports.now() + (durationMs(expires) ?? 0);
  const text = details ? { summary, details } : { summary };
  const envelope = envelopeOf(call, 'approve', people, quorum, deadline, text);
  if (input.dryRun) {
    call.frame.approved = true;
    plan(call, { ask: people.map(({ id }) => id), quorum, expires, ...text });
    const by = people.slice(0, quorum).map(({ id }) => id);
    return { envelope: envelope.id, by, at: iso(ports.now()), decisions: [] };
  }
  const ask = people.map(({ id }) => id);
  await act(call, 'envelope.open', { envelope, ask, urgency: 'normal' });
  const all = await ports.decisions(envelope.id, deadline, (sofar) => stateOf(envelope, sofar) !== 'expired');
  const decisions = counted(envelope, all);
  const state = stateOf(envelope, all);
  await act(call, 'envelope.settle', { envelope: envelope.id, state, decisions }, { apart: '/settle' });
  if (state !== 'approved') throw refusal(state, decisions, call);
  call.frame.approved = true;
  const yes = decisions.filter(({ verdict }) => verdict === 'approve');
  return {
    envelope: envelope.id,
    by: yes.map(({ by }) => by),
    at: yes.at(-1)?.at ?? iso(ports.now()),
    decisions: shown(decisions),
  };
}

/** `expired` as long as nothing is decided. The first answer that decides is the one that counts. */
function stateOf(envelope: Envelope, decisions: readonly Decision[]): Envelope['state'] {
  let yes = 0;
  for (const { verdict } of counted(envelope, decisions)) {
    if (verdict === 'deny') return 'denied';
    if (verdict === 'override') return 'overridden';
    if (verdict === 'approve' && ++yes >= envelope.quorum) return 'approved';
  }
  return 'expired';
}

function refusal(state: Envelope['state'], decisions: readonly Decision[], { running }: VerbStep): Error {
  const { members } = running.input.tenant;
  const no = decisions.find(({ verdict }) => verdict === 'deny' || verdict === 'override');
  if (state === 'overridden' && no) return new RunEnd('manual-override', `${who(no, members)} did it by hand`);
  if (state === 'denied' && no) return new StepFailure('denied', `${who(no, members)} said no`);
  return new StepFailure('denied', 'nobody said yes in time');
}
