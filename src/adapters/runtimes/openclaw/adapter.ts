import { packagePath } from '../../../core/package-root.ts';
import type { RuntimeAdapter } from '../../../core/ports/runtime.ts';
import { renderConfig, secretNames } from '../clawdbot/config.ts';
import { demoModelService, usesDemo } from '../demo-model.ts';
import { gatewayService } from '../gateway-service.ts';
import { PRUNE } from './prune.ts';

const VERSION = '2026.9.6';
/** It lets turns in flight end when it is told to stop; by itself it would give them five minutes. */
const STOP_S = 60;

/** openclaw, which takes clawdbot's configuration as it is and migrates its state one way. */
export const openclaw: RuntimeAdapter = {
  name: 'openclaw',
  version: VERSION,
  coldStartS: 9,
  lockDir: packagePath('templates', 'runtimes', `openclaw-${VERSION}`),
  prune: PRUNE,
  renderConfig,
  secretNames,
  services: (tenant) => [
    ...(usesDemo(tenant) ? [demoModelService(tenant)] : []),
    gatewayService(tenant, 'openclaw', STOP_S),
  ],
};
