import type { AgentClient } from '../../adapters/agent/client.ts';
import type { CheckResult, HostStatus } from '../../core/agent-protocol.ts';

/** Is what runs now worth going back to? It is driven as its user would. */
export async function currentChecks(agent: AgentClient, name: string, status: HostStatus): Promise<CheckResult[]> {
  const checks = await agent.check(name);
  const failed = checks.find(({ verdict }) => verdict === 'fail');
  const handEdits = status.drift.files.length + status.drift.config.filter(({ owner }) => owner === 'operator').length;
  return [
    {
      id: 'current.healthy',
      title: 'What runs now is healthy',
      verdict: failed ? 'fail' : 'pass',
      detail: failed ? `${failed.title}: ${failed.detail}` : `${checks.length} checks, a real turn among them`,
      ms: checks.reduce((sum, { ms }) => sum + ms, 0),
      ...(failed ? { fix: failed.fix ?? `chp tenant apply ${name}` } : {}),
    },
    ...(handEdits === 0
      ? []
      : [
          {
            id: 'host.drift',
            title: 'Hand edits on the host',
            verdict: 'warn' as const,
            detail: `${handEdits} of what the operator owns would be mended: chp tenant plan ${name}`,
            ms: 0,
          },
        ]),
  ];
}
