import { hasAutomation, TEMPORAL_TREE, WORKER_CONFIG_FILE, WORKER_TREE } from '../core/automation.ts';
import type { Digest } from '../core/digest.ts';
import type { GenerationService } from '../core/generation.ts';
import { GATEWAY_TOKEN, PAYLOAD_KEY } from '../core/secret-names.ts';
import { temporalServerArgs } from '../core/temporal-server.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { InstalledPack, WorkerConfig } from '../core/worker-protocol.ts';
import { connectorSecrets } from './connector-secrets.ts';

/** The gateway itself takes its port and port+2, the demo model port+5. */
const temporalPort = ({ gateway }: Pick<Tenant, 'gateway'>): number => gateway.port + 7;

/** Secrets that the worker and its connectors are given. Pure. */
export function automationSecrets(tenant: Tenant): string[] {
  if (!hasAutomation(tenant)) return [];
  const { notify, automation } = tenant;
  const named = [
    GATEWAY_TOKEN,
    PAYLOAD_KEY,
    ...Object.keys(tenant.connectors).flatMap((name) => connectorSecrets(tenant, name)),
    notify.telegram?.secret,
    notify.webhook?.secret,
    automation.apiKey,
    automation.tls?.ca,
    automation.tls?.cert,
    automation.tls?.key,
  ];
  return [...new Set(named.filter((name) => name !== undefined))].sort();
}

/** Temporal (unless the tenant uses a cluster) and the worker, in the order in which they start. Pure. */
export function automationServices(tenant: Tenant): GenerationService[] {
  if (!hasAutomation(tenant)) return [];
  return [...(tenant.automation.address === null ? [temporalService(tenant)] : []), workerService(tenant)];
}

/** worker.json of a tenant: names of secrets, never their values. Pure. */
export function workerConfig(tenant: Tenant, packs: readonly InstalledPack[], worker: Digest): WorkerConfig {
  const { automation, notify } = tenant;
  return {
    schema: 1,
    temporal: {
      address: automation.address ?? `127.0.0.1:${temporalPort(tenant)}`,
      namespace: automation.namespace,
      ...(automation.tls ? { tls: automation.tls } : {}),
      ...(automation.apiKey ? { apiKeySecret: automation.apiKey } : {}),
    },
    build: worker.slice(0, 12),
    tenants: [
      {
        name: tenant.name,
        timezone: tenant.timezone,
        members: tenant.members,
        gateway: { port: tenant.gateway.port, tokenSecret: GATEWAY_TOKEN, agent: 'main' },
        payloadKeySecret: PAYLOAD_KEY,
        packs: [...packs],
        connectors: tenant.connectors,
        notify: {
          ...(notify.telegram
            ? {
                telegram: {
                  tokenSecret: notify.telegram.secret,
                  ...(notify.telegram.url ? { apiUrl: notify.telegram.url } : {}),
                },
              }
            : {}),
          ...(notify.webhook
            ? {
                webhook: {
                  url: notify.webhook.url,
                  ...(notify.webhook.secret ? { signingSecret: notify.webhook.secret } : {}),
                },
              }
            : {}),
        },
      },
    ],
  };
}

function temporalService(tenant: Tenant): GenerationService {
  const port = temporalPort(tenant);
  return {
    name: 'temporal',
    argv: [
      `{tree:${TEMPORAL_TREE}}/bin/temporal`,
      ...temporalServerArgs({ port, dbFile: '{automation}/temporal.db', namespace: tenant.automation.namespace }),
    ],
    env: { HOME: '{home}', TMPDIR: '{tmp}' },
    credentials: [],
    port,
    memoryMaxMb: 512,
    tasksMax: 256,
    stopTimeoutS: 30,
  };
}

function workerService(tenant: Tenant): GenerationService {
  return {
    name: 'worker',
    argv: ['{node}', `{tree:${WORKER_TREE}}/worker.mjs`],
    env: {
      HOME: '{home}',
      TMPDIR: '{tmp}',
      NODE_ENV: 'production',
      // Not in argv: a change of packs alone is taken in by a running worker.
      CHP_WORKER_CONFIG: `{generation}/${WORKER_CONFIG_FILE}`,
      CHP_WORKER_DIR: '{automation}',
    },
    credentials: automationSecrets(tenant),
    memoryMaxMb: tenant.automation.memoryMaxMb,
    tasksMax: 256,
    // Longer than its drain.
    stopTimeoutS: 60,
  };
}
