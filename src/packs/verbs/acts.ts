import type { Delivery, Envelope } from '../../core/ports/automation.ts';
import type { Decision } from '../interpret/ports.ts';

/**
 * What the interpreter asks of `RunPorts.act`: the input and the result of each `VerbCall.verb`. Verbs that people write
 * are made of these: `notify` is one act a recipient, `device.call` is `connector.call` of home-assistant, `approve` and
 * `escalate` open an envelope and settle it. `set` and `pack.run` are no acts.
 */
export interface Acts {
  /** One turn; the text as it came. Asking again after an invalid answer is another call, in the same session. */
  'agent.ask': { with: { prompt: string; skills: string[]; session: string }; result: { text: string } };
  /** `args` match the operation’s schema; what comes back is checked against its result schema by the interpreter. */
  'connector.call': {
    with: { connector: string; operation: string; args: Record<string, unknown> };
    result: unknown;
  };
  /** `to` is the id of a member of the tenant. */
  notify: { with: { to: string; text: string; urgency: 'low' | 'normal' | 'emergency' }; result: Delivery };
  /** Keeps the envelope and asks the members in `ask`. Each rung of `escalate` opens the same envelope again. */
  'envelope.open': {
    with: { envelope: Envelope; ask: string[]; urgency: 'low' | 'normal' | 'emergency' };
    result: Record<string, never>;
  };
  /** The envelope has its end; an audit entry says who answered what and when. */
  'envelope.settle': {
    with: { envelope: string; state: Envelope['state']; decisions: Decision[] };
    result: Record<string, never>;
  };
  audit: { with: { event: string; actor: string; details: Record<string, unknown> }; result: { id: string } };
}
export type Act = keyof Acts;
export const ACTS = [
  'agent.ask',
  'connector.call',
  'notify',
  'envelope.open',
  'envelope.settle',
  'audit',
] as const satisfies readonly Act[];
