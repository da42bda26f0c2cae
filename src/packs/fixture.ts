import { type Static, Type } from 'typebox';
import { VERB_FAILURES } from '../core/ports/automation.ts';
import { MemberSchema } from '../core/tenant/schema.ts';
import { RUN_STATUSES } from './schema.ts';
import { closed, duration, instant, oneOf, optional, record, text } from './types.ts';
import { ACTS } from './verbs/acts.ts';

/**
 * `fixtures/<name>.yaml`: one run of a pack with what the agent, the connectors and people answer, and what is expected
 * of it. The interpreter plays it in a moment; the worker plays it on a real Temporal server.
 */

/** Which act is meant; all that is said must be so. */
const which = {
  step: optional(text('Id of a step, or its path: `tell[0]`, `both/0/left`.', 200)),
  verb: optional(oneOf([...ACTS, 'pack.run'], { description: 'What leaves the interpreter.' })),
  connector: optional(text('Of a `connector.call`.', 63)),
  operation: optional(text('Of a `connector.call`.', 60)),
};

export const FixtureSchema = record(
  {
    description: text('What it shows.', 300),
    inputs: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'As the tenant would give them.' })),
    trigger: optional(
      record({
        kind: optional(oneOf(['schedule', 'webhook', 'message', 'event', 'manual', 'pack'], { default: 'manual' })),
        by: optional(text('Who or what started it; default: the first member.', 80)),
        payload: optional(Type.Unknown()),
      }),
    ),
    item: optional(Type.Unknown({ description: 'Of a trigger’s `for-each`.' })),
    now: optional(instant('When the run begins; default 2026-01-15T08:00:00Z.')),
    timezone: optional(text('Of the tenant; default Europe/Berlin.', 60)),
    members: optional(
      Type.Array(Type.Pick(MemberSchema, ['id', 'name', 'role'], closed), {
        description: 'Default: ana (Adult), ben (Adult), cleo (Child).',
      }),
    ),
    answers: optional(
      Type.Array(
        record({
          ...which,
          result: optional(
            Type.Unknown({ description: 'What comes back; of `agent.ask` a text, or an object that is sent as JSON.' }),
          ),
          failure: optional(
            record(
              { kind: oneOf(VERB_FAILURES), message: optional(text('What it says.', 300)) },
              'What is left after the last attempt.',
            ),
          ),
          times: optional(Type.Integer({ minimum: 1, maximum: 100, default: 1, description: 'For so many calls.' })),
        }),
        { description: 'In order: a call takes the first that is left and meant for it.' },
      ),
    ),
    decisions: optional(
      Type.Array(
        record({
          step: text('Step that asks: its id or path.', 200),
          by: text('Member id.', 31),
          verdict: oneOf(['approve', 'deny', 'acknowledge', 'override']),
          after: optional(duration('After the question was asked; default at once.')),
          comment: optional(text('Said with it.', 300)),
        }),
      ),
    ),
    expect: record({
      status: oneOf(RUN_STATUSES),
      reason: optional(text('Part of the reason.', 300)),
      outputs: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Those that are named.' })),
      calls: optional(
        Type.Array(record({ ...which, with: optional(Type.Record(Type.String(), Type.Unknown())) }), {
          description: 'Calls that happen, in this order; others may be between them. Of `with`, what is named.',
        }),
      ),
      never: optional(Type.Array(record(which), { description: 'Calls that do not happen.' })),
    }),
  },
  'A run with recorded answers, and what is expected of it.',
);
export type Fixture = Static<typeof FixtureSchema>;
export type FixtureAnswer = NonNullable<Fixture['answers']>[number];
export type FixtureCall = { step?: string; verb?: string; connector?: string; operation?: string };
