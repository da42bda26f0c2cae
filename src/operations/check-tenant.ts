import type { CheckResult } from '../core/agent-protocol.ts';
import { ChpError } from '../core/errors.ts';
import type { Context } from './context.ts';
import type { HostLink } from './host-link.ts';

/** The smoke test of what runs now. @throws UNHEALTHY naming what failed */
export function checkTenant(context: Context, tenant: string, host: Pick<HostLink, 'agent'>): Promise<CheckResult[]> {
  return context.progress.step('Drive the gateway as its user would', async (step) => {
    const agent = host.agent();
    if (!agent)
      throw new ChpError('NOT_FOUND', `chp is not installed on the host of ${tenant}`, {
        next: [`chp tenant apply ${tenant}`],
      });
    const checks = await agent.check(tenant, (event) => event.event === 'check' && step.says(event.check.title));
    const failed = checks.filter((check) => check.verdict === 'fail');
    if (failed.length === 0) return checks;
    throw new ChpError(
      'UNHEALTHY',
      `${tenant}: ${failed.map((check) => `${check.title}: ${check.detail}`).join('; ')}`,
      {
        next: failed.flatMap((check) => (check.fix ? [check.fix] : [])),
        details: { checks },
      },
    );
  });
}
