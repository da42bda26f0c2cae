import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { installedAgent } from './installed-agent.ts';
import { openForLook } from './known-host.ts';

/** Log lines of a service; with `follow`, until the context's signal. @throws NOT_FOUND where chp is not on the host */
export async function readLogs(
  context: Context,
  name: string,
  options: { service: string; lines: number; follow: boolean },
  onLine: (line: string) => void,
): Promise<void> {
  const { tenant } = await loadTenant(context, name);
  await using host = await openForLook(context, tenant);
  await installedAgent(host, tenant).logs(name, options, (line) => onLine(context.redact(line)), context.signal);
}
