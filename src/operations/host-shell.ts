import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { configFile, parseTarget } from '../adapters/ssh/config.ts';
import { routeTo } from '../adapters/ssh/route.ts';
import { ChpError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { hostFile } from './known-host.ts';

/**
 * `argv` of an interactive login on the host with the system's ssh: the user's own configuration, and the host keys
 * that chp pinned, also for hosts on the way.
 * @throws BAD_INPUT for a tenant on this machine
 */
export async function sshCommand(context: Context, name: string): Promise<string[]> {
  const { tenant } = await loadTenant(context, name);
  if (tenant.host === 'local')
    throw new ChpError('BAD_INPUT', `${name} runs on this machine`, { next: [`chp exec ${name} -- COMMAND`] });
  const { user, host, port } = parseTarget(tenant.host);
  const file = hostFile(context, name, 'ssh_config');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}.new`, sshConfig(context, tenant.host), { mode: 0o600 });
  renameSync(`${file}.${process.pid}.new`, file);
  await (await context.registry()).appendAudit({
    actor: context.actor,
    action: 'host.ssh',
    tenant: name,
    details: { host: tenant.host },
  });
  return ['ssh', '-F', file, ...(port ? ['-p', String(port)] : []), ...(user ? ['-l', user] : []), host];
}

/** A file, because ssh hands it on to the ssh that it starts for a ProxyJump, and no other option. */
function sshConfig(context: Context, target: string): string {
  const pins = [...routeTo(target, context.env).flatMap(({ knownHosts }) => knownHosts), context.home.knownHosts];
  const own = context.env.CHP_SSH_CONFIG;
  const files = own ? [own] : [configFile(context.env), '/etc/ssh/ssh_config'];
  return [
    '# Made by chp ssh: what it says first, wins.',
    'Host *',
    `  UserKnownHostsFile ${[...new Set(pins)].map((path) => `"${path}"`).join(' ')}`,
    '  StrictHostKeyChecking yes',
    ...files.filter((path) => existsSync(path)).map((path) => `Include "${path}"`),
    '',
  ].join('\n');
}
