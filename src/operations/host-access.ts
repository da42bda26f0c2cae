import { resolveTarget } from '../adapters/ssh/config.ts';
import { ChpError } from '../core/errors.ts';
import { tenantLayout, tenantUser } from '../core/host-layout.ts';
import type { ExecResult } from '../core/ports/transport.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { openHost } from './host-link.ts';

/** Runs a command on a tenant's host as the tenant's own user (or root), in its home folder. */
export async function execOnHost(
  context: Context,
  name: string,
  argv: readonly string[],
  options: { root: boolean },
): Promise<ExecResult> {
  const { tenant } = await loadTenant(context, name);
  await using host = await openHost(context, tenant, 'look');
  const { home } = tenantLayout(host.root, name);
  const registry = await context.registry();
  await registry.appendAudit({
    actor: context.actor,
    action: 'host.exec',
    tenant: name,
    details: { command: argv[0] ?? '', arguments: argv.length - 1, root: options.root },
  });
  const system = host.manager === 'systemd';
  const user = tenantUser(name);
  const asUser =
    system && !options.root ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--no-new-privs'] : [];
  const there = ['env', '-C', home, `HOME=${home}`];
  return await host.transport.exec([...asUser, ...there, ...argv], {
    root: system,
    signal: context.signal,
    deadlineMs: 600_000,
  });
}

/** `argv` of an interactive login on the host. @throws BAD_INPUT for a tenant on this machine */
export async function sshCommand(context: Context, name: string): Promise<string[]> {
  const { tenant } = await loadTenant(context, name);
  if (tenant.host === 'local')
    throw new ChpError('BAD_INPUT', `${name} runs on this machine`, { next: [`chp exec ${name} -- COMMAND`] });
  const target = resolveTarget(tenant.host, context.env);
  await (await context.registry()).appendAudit({
    actor: context.actor,
    action: 'host.ssh',
    tenant: name,
    details: { host: tenant.host },
  });
  return [
    'ssh',
    '-o',
    `UserKnownHostsFile=${[...target.userKnownHosts, context.home.knownHosts].map((file) => `"${file}"`).join(' ')}`,
    '-o',
    'StrictHostKeyChecking=yes',
    '-p',
    String(target.port),
    `${target.user}@${target.hostname}`,
  ];
}

/** Log lines of a service. @throws NOT_FOUND where chp is not on the host */
export async function readLogs(
  context: Context,
  name: string,
  options: { service: string; lines: number; follow: boolean },
  onLine: (line: string) => void,
): Promise<void> {
  const { tenant } = await loadTenant(context, name);
  await using host = await openHost(context, tenant, 'look');
  const agent = host.agent();
  if (!agent)
    throw new ChpError('NOT_FOUND', `chp is not installed on ${tenant.host}`, { next: [`chp tenant apply ${name}`] });
  await agent.logs(name, options, (line) => onLine(context.redact(line)), context.signal);
}
