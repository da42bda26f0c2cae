import type { EditOutcome } from '../operations/edit-tenant.ts';
import { presentChecks } from './tenant.ts';

/** What became of a change to a tenant's document. */
export function presentEdit(outcome: EditOutcome, what: string): string {
  if (!outcome.changed) return `${outcome.tenant}: nothing changed; ${what} already.`;
  if (!outcome.pushed) return `${outcome.tenant}: ${what}. Recorded.`;
  const { pushed } = outcome;
  const where =
    pushed.outcome === 'converged' ? 'the host has it already' : `generation ${pushed.generation.slice(0, 12)} runs`;
  return [`${outcome.tenant}: ${what}; ${where}.`, presentChecks(pushed.checks)].filter(Boolean).join('\n');
}
