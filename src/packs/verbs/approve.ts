import { Type } from 'typebox';
import { duration, optional, record, text } from '../types.ts';
import { members, roles } from './people.ts';
import type { Verb } from './verb.ts';

export const DecisionSchema = record({
  by: Type.String({ description: 'Member id.' }),
  verdict: Type.String(),
  at: Type.String({ description: 'ISO 8601.' }),
  comment: Type.Union([Type.String(), Type.Null()]),
});

export const approve: Verb = {
  name: 'approve',
  summary: 'Asks members whether the next steps may be done, and waits.',
  notes:
    'One `deny` ends it; so does the end of `expires`: the step fails with `denied`. `override` says that somebody did it by hand: the run ends as manual-override. Each approver counts once, with the first answer; answers of others or after the end do not count.',
  input: record({
    summary: text('What would be done, one sentence.', 300),
    details: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Shown under it.' })),
    approvers: members('Who may answer.'),
    roles: roles('Everybody with one of these roles may answer.'),
    quorum: optional(Type.Integer({ minimum: 1, maximum: 10, default: 1, description: 'How many must say yes.' })),
    expires: optional(duration('How long the question stands; default 1h.')),
  }),
  output: record({
    envelope: Type.String({ description: 'Id of the question.' }),
    by: Type.Array(Type.String(), { description: 'Members who said yes.' }),
    at: Type.String({ description: 'When it was decided, ISO 8601.' }),
    decisions: Type.Array(DecisionSchema),
  }),
  risk: 'low',
  effect: 'write',
  timeoutMs: 60_000,
  example: `- id: ask
  uses: approve
  with:
    summary: Unlock \${{ inputs.door }} for \${{ trigger.by }}
    roles: [Admin, Adult]
    quorum: 1
    expires: 10m`,
};
