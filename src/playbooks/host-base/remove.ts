import { posix } from 'node:path';
import { BASE_IMAGE, needsRoot, tenantUser } from '../../core/host-layout.ts';
import type { Transport } from '../../core/ports/transport.ts';
import type { DesiredBase } from './desired.ts';
import { dropFirewall, TAKE_FIREWALL_DOWN } from './firewall.ts';
import { alone, quote, runScript } from './shell.ts';

/** Takes away what `convergeBase` made; what other tenants on the host share stays until the last one goes. */
export async function removeBase(
  transport: Transport,
  base: Pick<DesiredBase, 'root' | 'tenant' | 'manager'>,
): Promise<void> {
  const { root, tenant } = base;
  const user = tenantUser(tenant);
  const lines = [`rm -rf ${quote(`${root}/tenants/${tenant}`)}`];
  if (needsRoot(base.manager))
    lines.push(
      `if id -u ${user} >/dev/null 2>&1; then`,
      // A process that was killed keeps the user busy for a moment.
      `  for i in 1 2 3 4 5 6 7 8 9 10; do pkill -KILL -u ${user} || break; sleep 0.2; done`,
      `  PATH=$PATH:/usr/sbin userdel ${user}`,
      'fi',
      ...dropFirewall(base),
    );
  lines.push(
    `if [ -d ${quote(root)} ] && [ -z "$(ls -A ${quote(`${root}/tenants`)} 2>/dev/null)" ]; then`,
    ...(needsRoot(base.manager)
      ? [
          `  ${TAKE_FIREWALL_DOWN}`,
          '  if command -v docker >/dev/null 2>&1; then',
          `    docker image rm ${BASE_IMAGE} >/dev/null 2>&1 || true`,
          // Earlier ones, and one whose name was taken away by hand.
          '    docker image prune --force --filter label=chp.files >/dev/null 2>&1 || true',
          '  fi',
        ]
      : []),
    // A disk of its own is mounted there on some hosts: what is on it goes, it stays.
    `  rm -rf ${quote(root)}/* ${quote(root)}/.[!.]*`,
    `  rmdir ${quote(root)} 2>/dev/null || [ -z "$(ls -A ${quote(root)})" ]`,
    // The login user's: made for this folder alone.
    ...(posix.basename(posix.dirname(root)) === '.chp'
      ? [`  rmdir ${quote(posix.dirname(root))} 2>/dev/null || true`]
      : []),
    'fi',
  );
  await runScript(transport, needsRoot(base.manager), [...alone(root), ...lines, ''].join('\n'));
}
