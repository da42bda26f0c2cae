import { Type } from 'typebox';
import type { Verb } from './verb.ts';

export const set: Verb = {
  name: 'set',
  summary: 'Gives names to values, for later steps.',
  input: Type.Object({}, { additionalProperties: true, description: 'Any names and values.' }),
  output: Type.Unknown({ description: 'The same.' }),
  risk: 'low',
  effect: 'none',
  timeoutMs: 1000,
  example: `- id: today
  uses: set
  with:
    count: \${{ size(steps.events.output.events) }}`,
};
