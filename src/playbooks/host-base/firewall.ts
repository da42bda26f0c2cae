import { posix } from 'node:path';
import { type DesiredBase, FIREWALL_UNIT, FIREWALL_UNIT_FILE, firewallRules } from './desired.ts';
import { quote } from './shell.ts';

/** Shell: the host has no firewall of ours any more. */
export const TAKE_FIREWALL_DOWN = `if [ -f ${FIREWALL_UNIT_FILE} ]; then systemctl disable --now ${FIREWALL_UNIT} >/dev/null 2>&1 || true; rm -f ${FIREWALL_UNIT_FILE}; systemctl daemon-reload; fi`;

/** Shell: closes what one tenant had opened; with the last one's the firewall goes. */
export function dropFirewall({ root, tenant }: Pick<DesiredBase, 'root' | 'tenant'>): string[] {
  const rules = firewallRules(root, tenant);
  return [
    `if [ -f ${quote(rules)} ]; then`,
    `  rm -f ${quote(rules)}`,
    `  if ls ${quote(posix.dirname(rules))}/*.nft >/dev/null 2>&1; then systemctl restart ${FIREWALL_UNIT}`,
    `  else rm -f ${quote(`${root}/agent/firewall.nft`)}; ${TAKE_FIREWALL_DOWN}; fi`,
    'fi',
  ];
}
