import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { commandsOf } from '../../core/gateway-commands.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { asTenant } from './as-tenant.ts';
import type { Host } from './host.ts';
import { resolveServices } from './manager/resolve.ts';
import { run } from './run.ts';

const DEADLINE_MS = 300_000;

/**
 * Brings the state of another runtime to the form of this one, at its final path: what was kept before is the copy that
 * comes back. It gets a copy of the configuration, too, since it writes resolved secrets into the one it is given.
 * @throws UNHEALTHY with its words; the state is to be put back then
 */
export async function migrateState(host: Host, manifest: GenerationManifest, config: string): Promise<void> {
  const { migrate, configPath } = commandsOf(manifest.runtime.name);
  const gateway = resolveServices(host.root, manifest, null).find(({ name }) => name === 'gateway');
  if (!migrate || !gateway) return;
  const layout = tenantLayout(host.root, manifest.tenant);
  const copy = join(layout.tmp, 'migrate.json');
  const [node = '', entry = ''] = gateway.argv;
  // Written by the tenant's own user: what lies in its folder may be a trap for root.
  const script = 'umask 077; rm -f "$1"; cat > "$1"; shift; "$@" < /dev/null';
  const [command = '', ...args] = asTenant(host, manifest.tenant, [
    'sh',
    '-c',
    script,
    'sh',
    copy,
    node,
    entry,
    ...migrate,
  ]);
  const { code, stdout, stderr } = await run(command, args, {
    input: config,
    env: {
      ...gateway.env,
      ...Object.fromEntries(gateway.credentials.map((name) => [name, 'placeholder'])),
      [configPath]: copy,
      NODE_NO_WARNINGS: '1',
    },
    deadlineMs: DEADLINE_MS,
    allowFailure: true,
  });
  const [remove = '', ...them] = asTenant(host, manifest.tenant, ['sh', '-c', 'rm -f "$1"*', 'sh', copy]);
  await run(remove, them, { allowFailure: true });
  if (code === 0) return;
  throw new ChpError('UNHEALTHY', `${manifest.runtime.name} could not migrate the state (${code})`, {
    why: `${stderr}\n${stdout}`.trim().split('\n').slice(-12).join('\n'),
  });
}
