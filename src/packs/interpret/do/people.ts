import { StepFailure } from '../failure.ts';
import type { RunMember } from '../ports.ts';

/** Members by ids, by roles, or both; each once, those named by id first. @throws StepFailure when there is none */
export function peopleOf(members: readonly RunMember[], ids: unknown, roles: unknown, what: string): RunMember[] {
  const wanted = (Array.isArray(ids) ? ids : ids === undefined ? [] : [ids]) as string[];
  const named = wanted.map((id) => {
    const member = members.find((candidate) => candidate.id === id);
    if (!member) throw new StepFailure('not-found', `${what}: "${id}" is no member`);
    return member;
  });
  const byRole = members.filter(({ role }) => ((roles ?? []) as string[]).includes(role));
  const people = [...new Set([...named, ...byRole])];
  if (people.length === 0)
    throw new StepFailure(
      'not-found',
      `${what}: no member ${roles ? `is ${(roles as string[]).join(' or ')}` : 'is named'}`,
    );
  return people;
}
