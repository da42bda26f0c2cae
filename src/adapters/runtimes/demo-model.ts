import type { GenerationService } from '../../core/generation.ts';
import type { Tenant } from '../../core/tenant/schema.ts';

/** The offline demo model that runs beside the gateway of a tenant with `model.provider: demo`. */
export const DEMO_MODEL = {
  id: 'chp-demo',
  /** In the generation. */
  file: 'services/demo-model.mjs',
  /** The gateway itself takes its port and port+2. */
  port: (tenant: Pick<Tenant, 'gateway'>): number => tenant.gateway.port + 5,
};

export function demoModelService(tenant: Tenant): GenerationService {
  const port = DEMO_MODEL.port(tenant);
  return {
    name: 'demo-model',
    argv: ['{node}', `{generation}/${DEMO_MODEL.file}`],
    env: { CHP_DEMO_PORT: String(port) },
    credentials: [],
    port,
    memoryMaxMb: 256,
    tasksMax: 64,
    stopTimeoutS: 5,
  };
}
