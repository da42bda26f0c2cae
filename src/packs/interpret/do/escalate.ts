import type { Envelope } from '../../../core/ports/automation.ts';
import { durationMs } from '../../time.ts';
import { RunEnd, StepFailure } from '../failure.ts';
import type { Decision } from '../ports.ts';
import { iso } from '../state.ts';
import { counted, envelopeOf, shown, who } from './envelope.ts';
import { peopleOf } from './people.ts';
import { act, plan, type VerbStep } from './verb-step.ts';

interface EscalateInput {
  summary: string;
  details?: Record<string, unknown>;
  rungs: { to?: string | string[]; roles?: string[]; wait: string; urgency?: 'low' | 'normal' | 'emergency' }[];
}

/** One envelope for the whole ladder, opened anew at each rung for its people. */
export async function escalate(call: VerbStep): Promise<unknown> {
  const { summary, details, rungs } = call.with as unknown as EscalateInput;
  const { ports, input } = call.running;
  const { members } = input.tenant;
  const ladder = rungs.map(({ to, roles, wait, urgency = 'normal' }) => ({
    people: peopleOf(members, to, roles, 'escalate'),
    waitMs: durationMs(wait) ?? 0,
    urgency,
  }));
  const everybody = [...new Set(ladder.flatMap(({ people }) => people))];
  const end = ports.now() + ladder.reduce((sum, { waitMs }) => sum + waitMs, 0);
  const text = details ? { summary, details } : { summary };
  const envelope = envelopeOf(call, 'acknowledge', everybody, 1, end, text);
  if (input.dryRun) {
    plan(call, { rungs: ladder.map(({ people }) => people.map(({ id }) => id)), ...text });
    return { envelope: envelope.id, by: everybody[0]?.id, rung: 1, at: iso(ports.now()), decisions: [] };
  }

  let decisions: Decision[] = [];
  let deadline = ports.now();
  for (const [index, { people, waitMs, urgency }] of ladder.entries()) {
    const ask = people.map(({ id }) => id);
    await act(call, 'envelope.open', { envelope, ask, urgency }, { apart: `/${index + 1}` });
    deadline += waitMs;
    const all = await ports.decisions(envelope.id, deadline, (sofar) => taker(envelope, sofar) !== undefined);
    decisions = counted(envelope, all);
    const taken = taker(envelope, all);
    if (!taken) continue;
    const state = taken.verdict === 'override' ? 'overridden' : 'acknowledged';
    await settle(call, envelope, state, decisions);
    if (state === 'overridden') throw new RunEnd('manual-override', `${who(taken, members)} did it by hand`);
    return { envelope: envelope.id, by: taken.by, rung: index + 1, at: taken.at, decisions: shown(decisions) };
  }
  await settle(call, envelope, 'expired', decisions);
  throw new StepFailure('denied', 'nobody took it');
}

const settle = (call: VerbStep, { id }: Envelope, state: Envelope['state'], decisions: Decision[]) =>
  act(call, 'envelope.settle', { envelope: id, state, decisions }, { apart: '/settle' });

/** Who says no stays silent: somebody else may take it. */
const taker = (envelope: Envelope, decisions: readonly Decision[]): Decision | undefined =>
  counted(envelope, decisions).find(({ verdict }) => verdict !== 'deny');
