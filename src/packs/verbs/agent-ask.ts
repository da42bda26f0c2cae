import { Type } from 'typebox';
import { PACK_ID_PATTERN } from '../schema.ts';
import { optional, record, text } from '../types.ts';
import type { Verb } from './verb.ts';

export const agentAsk: Verb = {
  name: 'agent.ask',
  summary: 'Asks the family’s agent, in one turn, and takes its answer.',
  notes:
    'With `schema`, the answer is an object that matches it: an answer that does not is asked for again with what is wrong, up to `asks` times; then the step fails with `needs-info`. Without it the output is `{text}`. A schema is JSON Schema of these keywords: type, description, properties, required, additionalProperties, items, enum, const, minLength, maxLength, minItems, maxItems, minimum, maximum.',
  input: record({
    prompt: text('What is asked; or `{file: prompts/NAME.md}`.', 32_000),
    skills: optional(
      Type.Array(Type.String({ pattern: PACK_ID_PATTERN }), {
        maxItems: 8,
        description: 'Skills to follow; each must be in `requires.skills`.',
      }),
    ),
    data: optional(
      Type.Unknown({ description: 'Facts, given as JSON under the prompt: said to be data, not orders.' }),
    ),
    schema: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Of the answer; `type: object`.' })),
    asks: optional(Type.Integer({ minimum: 1, maximum: 5, default: 3, description: 'In all, the first included.' })),
  }),
  output: Type.Record(Type.String(), Type.Unknown(), { description: 'By `schema`, else `{text}`.' }),
  risk: 'low',
  effect: 'none',
  timeoutMs: 120_000,
  example: `- id: brief
  uses: agent.ask
  with:
    prompt: {file: prompts/brief.md}
    skills: [mental-load]
    data: \${{ steps.events.output.events }}
    schema:
      type: object
      required: [summary]
      properties:
        summary: {type: string, maxLength: 1200}`,
};
