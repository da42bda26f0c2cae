import type { AgentClient } from '../adapters/agent/client.ts';
import { ChpError } from '../core/errors.ts';

/** The agent at the other end of a link. @throws NOT_FOUND where chp was never installed */
export function installedAgent(
  link: { agent(): AgentClient | null },
  { name, host }: { name: string; host: string },
): AgentClient {
  const agent = link.agent();
  if (agent) return agent;
  throw new ChpError('NOT_FOUND', `chp is not installed on ${host}`, { next: [`chp tenant apply ${name}`] });
}
