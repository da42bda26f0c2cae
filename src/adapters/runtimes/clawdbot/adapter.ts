import { packagePath } from '../../../core/package-root.ts';
import type { RuntimeAdapter } from '../../../core/ports/runtime.ts';
import { demoModelService, usesDemo } from '../demo-model.ts';
import { gatewayService } from '../gateway-service.ts';
import { renderConfig, secretNames } from './config.ts';
import { PRUNE } from './prune.ts';

const VERSION = '2026.1.24-3';
const STOP_S = 30;

/** clawdbot, as measured: this version exactly, since `latest` is a broken build. */
export const clawdbot: RuntimeAdapter = {
  name: 'clawdbot',
  version: VERSION,
  coldStartS: 3,
  lockDir: packagePath('templates', 'runtimes', `clawdbot-${VERSION}`),
  prune: PRUNE,
  renderConfig,
  secretNames,
  services: (tenant) => [
    ...(usesDemo(tenant) ? [demoModelService(tenant)] : []),
    gatewayService(tenant, 'clawdbot', STOP_S),
  ],
};
