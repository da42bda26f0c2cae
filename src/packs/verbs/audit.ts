import { Type } from 'typebox';
import { optional, record, text } from '../types.ts';
import type { Verb } from './verb.ts';

export const audit: Verb = {
  name: 'audit',
  summary: 'Writes an entry that nobody can change afterwards.',
  input: record({
    event: Type.String({
      pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*$',
      maxLength: 80,
      description: 'What happened.',
      examples: ['door.unlocked'],
    }),
    actor: optional(text('Who did it; default: what started the run.', 80)),
    details: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Facts. No secrets.' })),
  }),
  output: record({ id: Type.String({ description: 'Of the entry.' }) }),
  risk: 'low',
  effect: 'write',
  timeoutMs: 30_000,
  example: `- id: record
  uses: audit
  with:
    event: door.unlocked
    actor: \${{ steps.ask.output.by[0] }}
    details:
      envelope: \${{ steps.ask.output.envelope }}`,
};
