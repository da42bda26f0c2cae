import { Type } from 'typebox';
import { duration, oneOf, optional, record, text } from '../types.ts';
import { DecisionSchema } from './approve.ts';
import { members, roles } from './people.ts';
import type { Verb } from './verb.ts';

export const escalate: Verb = {
  name: 'escalate',
  summary: 'Asks one rung of people after the other until somebody takes it.',
  notes:
    'An answer of an earlier rung counts as long as the ladder stands. Nobody at all: the step fails with `denied`.',
  input: record({
    summary: text('What is the matter, one sentence.', 300),
    details: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Shown under it.' })),
    rungs: Type.Array(
      record({
        to: members('Who is asked.'),
        roles: roles('Everybody with one of these roles is asked.'),
        wait: duration('How long before the next rung.'),
        urgency: optional(oneOf(['low', 'normal', 'emergency'], { default: 'normal', description: 'As in `notify`.' })),
      }),
      { minItems: 1, maxItems: 8, description: 'In order.' },
    ),
  }),
  output: record({
    envelope: Type.String({ description: 'Id of the question.' }),
    by: Type.String({ description: 'Who took it.' }),
    rung: Type.Integer({ description: 'Rung that stood then, from 1.' }),
    at: Type.String({ description: 'ISO 8601.' }),
    decisions: Type.Array(DecisionSchema),
  }),
  risk: 'low',
  effect: 'write',
  timeoutMs: 60_000,
  example: `- id: help
  uses: escalate
  with:
    summary: \${{ inputs.elder_name }} did not pick up
    rungs:
      - {to: "\${{ inputs.neighbour }}", wait: 10m}
      - {roles: [Adult], wait: 15m, urgency: emergency}`,
};
