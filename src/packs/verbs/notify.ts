import { Type } from 'typebox';
import { oneOf, optional, record, text } from '../types.ts';
import { members, roles } from './people.ts';
import type { Verb } from './verb.ts';

export const notify: Verb = {
  name: 'notify',
  summary: 'Tells members something, each by the way they prefer.',
  notes: 'Fails when nobody could be reached; whom it could not reach is in `failed`.',
  input: record({
    to: members('Who is told.'),
    roles: roles('Everybody with one of these roles.'),
    text: text('What is said.', 4000),
    urgency: optional(
      oneOf(['low', 'normal', 'emergency'], {
        default: 'normal',
        description: '`emergency` disturbs in quiet hours, too.',
      }),
    ),
  }),
  output: record({
    deliveries: Type.Array(
      record({ to: Type.String(), via: Type.String(), id: Type.Union([Type.String(), Type.Null()]) }),
    ),
    failed: Type.Array(record({ to: Type.String(), message: Type.String() })),
  }),
  risk: 'low',
  effect: 'write',
  timeoutMs: 60_000,
  example: `- id: tell
  uses: notify
  with:
    to: \${{ inputs.readers }}
    text: \${{ steps.brief.output.summary }}`,
};
