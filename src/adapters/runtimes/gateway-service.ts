import { commandsOf } from '../../core/gateway-commands.ts';
import type { GenerationService } from '../../core/generation.ts';
import type { RuntimeAdapter } from '../../core/ports/runtime.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import { secretNames } from './clawdbot/config.ts';

/** The gateway's process, which clawdbot and its successor have in common but for names and how long a stop may take. */
export function gatewayService(
  tenant: Tenant,
  runtime: RuntimeAdapter['name'],
  stopTimeoutS: number,
): GenerationService {
  const { entry, prefix, configPath, stateDir } = commandsOf(runtime);
  return {
    name: 'gateway',
    argv: ['{node}', `{app}/${entry}`, 'gateway', 'run'],
    env: {
      HOME: '{home}',
      TMPDIR: '{tmp}',
      TZ: tenant.timezone,
      NODE_ENV: 'production',
      // Without it the gateway starts a second process of itself, which no supervisor would know of.
      [`${prefix}_NO_RESPAWN`]: '1',
      [`${prefix}_DISABLE_BONJOUR`]: '1',
      [configPath]: '{config}',
      [stateDir]: '{state}',
    },
    credentials: secretNames(tenant),
    port: tenant.gateway.port,
    memoryMaxMb: tenant.services.memoryMaxMb,
    tasksMax: 512,
    stopTimeoutS,
  };
}
