import type { CheckResult } from '../../core/agent-protocol.ts';
import type { GatewayClient } from '../../core/gateway-client.ts';
import { skillStates } from './gateway-checks.ts';

/** What of a family's must still be there after its runtime was changed. */
export interface Census {
  sessions: number;
  /** Names of the skills that are eligible. */
  skills: string[];
}

/** As the running gateway has it. */
export async function takeCensus(client: GatewayClient): Promise<Census> {
  const [listed, skills] = await Promise.all([
    client.call('sessions.list', { includeGlobal: true, includeUnknown: true }) as Promise<{
      count?: number;
      sessions?: unknown[];
    }>,
    skillStates(client),
  ]);
  return {
    sessions: listed.sessions?.length ?? listed.count ?? 0,
    skills: skills.filter(({ eligible }) => eligible).map(({ name }) => name),
  };
}

/** Is all there that was there before? `meant`: skills of the new generation. Pure. */
export function compareCensus(
  before: Census,
  after: Census,
  meant: readonly string[],
): Pick<CheckResult, 'verdict' | 'detail'> {
  const lost = before.skills.filter((name) => meant.includes(name) && !after.skills.includes(name));
  const problems = [
    ...(after.sessions < before.sessions ? [`${before.sessions} sessions before, ${after.sessions} now`] : []),
    ...(lost.length > 0 ? [`skills that were eligible before: ${lost.join(', ')}`] : []),
  ];
  if (problems.length > 0) return { verdict: 'fail', detail: problems.join('; ') };
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  return { verdict: 'pass', detail: `${count(after.sessions, 'session')}, ${count(after.skills.length, 'skill')}` };
}
