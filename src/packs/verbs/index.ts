import { agentAsk } from './agent-ask.ts';
import { approve } from './approve.ts';
import { audit } from './audit.ts';
import { connectorCall } from './connector-call.ts';
import { deviceCall } from './device-call.ts';
import { escalate } from './escalate.ts';
import { notify } from './notify.ts';
import { packRun } from './pack-run.ts';
import { set } from './set.ts';
import type { Verb } from './verb.ts';

/** The closed registry: every word that `uses` may hold. */
export const VERBS: Readonly<Record<string, Verb>> = Object.fromEntries(
  [agentAsk, connectorCall, deviceCall, notify, approve, escalate, audit, set, packRun].map((verb) => [
    verb.name,
    verb,
  ]),
);

/** null = no such verb. */
export function verbOf(name: string | undefined): Verb | null {
  return name !== undefined && Object.hasOwn(VERBS, name) ? (VERBS[name] ?? null) : null;
}
