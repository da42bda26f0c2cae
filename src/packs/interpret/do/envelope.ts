import type { Envelope } from '../../../core/ports/automation.ts';
import type { Decision, RunMember } from '../ports.ts';
import { iso } from '../state.ts';
import type { VerbStep } from './verb-step.ts';

/** The question that a step asks. Its id is the step’s key, so that asking again is the same question. */
export function envelopeOf(
  { running, path, step }: VerbStep,
  kind: Envelope['kind'],
  people: readonly RunMember[],
  quorum: number,
  deadline: number,
  text: { summary: string; details?: Record<string, unknown> },
): Envelope {
  return {
    id: `${running.ports.run}/${path}`,
    tenant: running.input.tenant.name,
    run: running.ports.run,
    kind,
    summary: text.summary,
    details: text.details ?? {},
    risk: step.risk ?? running.input.pack.risk ?? 'medium',
    approvers: people.map(({ id }) => id),
    quorum,
    expiresAt: iso(deadline),
    state: 'open',
  };
}

/** The decisions that count: of an approver, in time, the first of each. In order of arrival. */
export function counted(envelope: Envelope, decisions: readonly Decision[]): Decision[] {
  const seen = new Set<string>();
  return decisions.filter((decision) => {
    const { by, at } = decision;
    if (decision.envelope !== envelope.id || !envelope.approvers.includes(by) || seen.has(by)) return false;
    if (Date.parse(at) > Date.parse(envelope.expiresAt)) return false;
    seen.add(by);
    return true;
  });
}

/** As expressions see them. */
export const shown = (decisions: readonly Decision[]): Record<string, unknown>[] =>
  decisions.map(({ by, verdict, at, comment }) => ({ by, verdict, at, comment: comment ?? null }));

/** `Ana (“not now”)` */
export function who({ by, comment }: Decision, members: readonly RunMember[]): string {
  const name = members.find(({ id }) => id === by)?.name ?? by;
  return comment ? `${name} (“${comment}”)` : name;
}
