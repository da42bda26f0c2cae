import { Type } from 'typebox';
import { optional, record, text } from '../types.ts';
import type { Verb } from './verb.ts';

export const deviceCall: Verb = {
  name: 'device.call',
  summary: 'Does something with a device of the home, through Home Assistant.',
  notes: 'Actions are listed below; what opens a home to others is high risk and needs an `approve` before it.',
  input: record({
    device: Type.String({ pattern: '^[a-z_]{2,40}\\.[a-z0-9_]{1,120}$', description: 'Entity id.' }),
    action: text('One of the actions; no expression.', 60),
    args: optional(Type.Record(Type.String(), Type.Unknown(), { description: 'By the action’s schema.' })),
  }),
  output: Type.Unknown({ description: 'State of the device afterwards.' }),
  risk: 'operation',
  effect: 'operation',
  timeoutMs: 30_000,
  example: `- id: unlock
  uses: device.call
  with:
    device: \${{ inputs.door }}
    action: unlock
  risk: high`,
};
