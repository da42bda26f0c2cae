import { Type } from 'typebox';
import { PACK_ID_PATTERN } from '../schema.ts';
import { optional, record, text } from '../types.ts';
import type { Verb } from './verb.ts';

export const connectorCall: Verb = {
  name: 'connector.call',
  summary: 'Calls an operation of a connector.',
  notes: 'Operations, their arguments, results and risks are listed below.',
  input: record({
    connector: Type.String({ pattern: PACK_ID_PATTERN, description: 'One of `requires.connectors`; no expression.' }),
    operation: text('One of the connector’s operations; no expression.', 60),
    args: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'By the operation’s schema.' })),
  }),
  output: Type.Unknown({ description: 'By the operation’s schema.' }),
  risk: 'operation',
  effect: 'operation',
  timeoutMs: 30_000,
  example: `- id: events
  uses: connector.call
  with:
    connector: google-calendar
    operation: list-events
    args:
      calendar: \${{ inputs.calendar }}
      from: \${{ now }}
      to: \${{ string(timestamp(now) + duration("24h")) }}`,
};
