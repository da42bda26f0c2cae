import chalk from 'chalk';
import type { CheckResult, HostStatus } from '../core/agent-protocol.ts';
import type { Converged } from '../operations/converge-tenant.ts';
import type { TenantView } from '../operations/show-tenant.ts';

const VERDICT: Record<CheckResult['verdict'], string> = {
  pass: chalk.green('✓'),
  warn: chalk.yellow('!'),
  fail: chalk.red('✗'),
  skipped: chalk.dim('-'),
};

export function presentChecks(checks: readonly CheckResult[]): string {
  return checks.map((check) => `  ${VERDICT[check.verdict]} ${check.title}: ${check.detail}`).join('\n');
}

export function presentConverged(result: Converged): string {
  const { applied } = result;
  const state = applied.outcome === 'converged' ? 'is as it should be' : 'runs';
  return [
    `${result.tenant} ${state} on ${result.host} (${result.platform}, ${result.manager}): generation ${applied.generation.slice(0, 12)}`,
    presentChecks(applied.checks),
  ]
    .filter(Boolean)
    .join('\n');
}

export function presentTenant({ record, members, generations, lastJob, host, hostProblem }: TenantView): string {
  const rows: [string, string][] = [
    ['Tenant', record.name],
    ['Phase', record.phase],
    ['Host', record.host],
    ['Revision', `${record.revision}, ${record.updatedAt}`],
    ['Members', members.map((m) => `${m.name} (${m.role})`).join(', ') || '-'],
    ['Generation', record.generation ?? '-'],
    ['Kept generations', String(generations.length)],
  ];
  if (lastJob)
    rows.push([
      'Last job',
      `${lastJob.kind} ${lastJob.state}, ${lastJob.startedAt}${lastJob.error ? `: ${lastJob.error}` : ''}`,
    ]);
  if (hostProblem) rows.push(['On the host', chalk.red(hostProblem)]);
  if (host) {
    rows.push(['Runs', host.current ?? 'nothing']);
    if (host.interrupted)
      rows.push(['Cut at', `${host.interrupted.step} of ${host.interrupted.generation.slice(0, 12)}`]);
    for (const service of host.services)
      rows.push([
        `Service ${service.name}`,
        service.active
          ? `active since ${service.since ?? '?'}, ${service.restarts} restarts`
          : chalk.red('not running'),
      ]);
    if (host.current) rows.push(['Config', configInWords(host.configDigest)]);
    const drift = host.drift.config.length + host.drift.files.length;
    rows.push(['Drift', drift === 0 ? 'none' : `${drift} (chp tenant plan ${record.name})`]);
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${chalk.bold(label.padEnd(width))}  ${value}`).join('\n');
}

function configInWords({ file, running }: HostStatus['configDigest']): string {
  if (running === null) return chalk.red('the gateway does not answer, or does not take the file that lies there');
  return running === file ? 'what lies there is what the gateway took' : chalk.red('the gateway took another one');
}
