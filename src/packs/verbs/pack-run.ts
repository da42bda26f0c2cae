import { Type } from 'typebox';
import { PACK_ID_PATTERN, RUN_STATUSES } from '../schema.ts';
import { oneOf, optional, record } from '../types.ts';
import type { Verb } from './verb.ts';

export const packRun: Verb = {
  name: 'pack.run',
  summary: 'Runs another installed pack and waits for its end.',
  notes: 'Fails unless the run ends as success or soft-fail. What the other pack does, it asks for by itself.',
  input: record({
    pack: Type.String({ pattern: PACK_ID_PATTERN, description: 'One of `requires.packs`; no expression.' }),
    inputs: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Over those the tenant gave it.' })),
  }),
  output: record({
    status: oneOf(RUN_STATUSES),
    outputs: Type.Record(Type.String(), Type.Unknown()),
    reason: Type.Union([Type.String(), Type.Null()]),
  }),
  risk: 'medium',
  effect: 'write',
  timeoutMs: 86_400_000,
  example: `- id: meals
  uses: pack.run
  with:
    pack: meals-groceries
    inputs: {days: 3}`,
};
