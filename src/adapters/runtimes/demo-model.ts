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

/** Where the demo calendar of a tenant answers: beside the demo model. */
export const demoCalendarUrl = (tenant: Pick<Tenant, 'gateway'>): string =>
  `http://127.0.0.1:${DEMO_MODEL.port(tenant)}`;

/** The demo server runs where the model or a calendar of the tenant is the demo's. */
export const usesDemo = (tenant: Pick<Tenant, 'gateway' | 'model' | 'connectors'>): boolean =>
  tenant.model.provider === 'demo' ||
  Object.values(tenant.connectors).some(({ url }) => url === demoCalendarUrl(tenant));

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
