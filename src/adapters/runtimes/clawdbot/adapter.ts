import type { GenerationService } from '../../../core/generation.ts';
import { packagePath } from '../../../core/package-root.ts';
import type { RuntimeAdapter } from '../../../core/ports/runtime.ts';
import type { Tenant } from '../../../core/tenant/schema.ts';
import { demoModelService, usesDemo } from '../demo-model.ts';
import { renderConfig, secretNames } from './config.ts';
import { PRUNE } from './prune.ts';

const VERSION = '2026.1.24-3';

/** clawdbot, as measured: this version exactly, since `latest` is a broken build. */
export const clawdbot: RuntimeAdapter = {
  name: 'clawdbot',
  version: VERSION,
  coldStartS: 3,
  lockDir: packagePath('templates', 'runtimes', `clawdbot-${VERSION}`),
  prune: PRUNE,
  renderConfig,
  secretNames,
  services: (tenant) => [...(usesDemo(tenant) ? [demoModelService(tenant)] : []), gateway(tenant)],
};

function gateway(tenant: Tenant): GenerationService {
  return {
    name: 'gateway',
    argv: ['{node}', '{app}/node_modules/clawdbot/dist/entry.js', 'gateway', 'run'],
    env: {
      HOME: '{home}',
      TMPDIR: '{tmp}',
      TZ: tenant.timezone,
      NODE_ENV: 'production',
      // Without it the gateway starts a second process of itself, which no supervisor would know of.
      CLAWDBOT_NO_RESPAWN: '1',
      CLAWDBOT_DISABLE_BONJOUR: '1',
      CLAWDBOT_CONFIG_PATH: '{config}',
      CLAWDBOT_STATE_DIR: '{state}',
    },
    credentials: secretNames(tenant),
    port: tenant.gateway.port,
    memoryMaxMb: tenant.services.memoryMaxMb,
    tasksMax: 512,
    stopTimeoutS: 30,
  };
}
