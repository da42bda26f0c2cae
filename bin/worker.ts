import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Envelope, Notify } from '../src/core/ports/automation.ts';
import { makeConnectors } from '../src/services/connectors/index.ts';
import { log } from '../src/services/worker/log.ts';
import { runWorker } from '../src/services/worker/process.ts';
import type { TenantParts } from '../src/services/worker/tenant.ts';

// The notifier and the connectors take this place as soon as they are there.
function inboxOnly(): Notify {
  const envelopes = new Map<string, Envelope>();
  return {
    send: async () => ({ via: 'inbox', id: null }),
    open: async (envelope) => {
      if (!envelopes.has(envelope.id)) envelopes.set(envelope.id, envelope);
    },
    settle: async (id, state) => {
      const envelope = envelopes.get(id);
      if (envelope?.state === 'open') envelopes.set(id, { ...envelope, state });
    },
    inbox: async () => [...envelopes.values()],
    messages: async () => [],
    onDecision: () => {},
    close: async () => {},
  };
}

const connectors: TenantParts['connectors'] = (tenant, _secrets, agent) =>
  makeConnectors({
    tenant,
    secret: (name) => process.env[name],
    dataDir: join(process.env.CHP_WORKER_DIR ?? '', 'connectors', tenant.name),
    agent,
    warn: (message) => log('warn', 'connector', { tenant: tenant.name, message }),
  });

const here = dirname(fileURLToPath(import.meta.url));
await runWorker(here, process.env, { connectors, notify: inboxOnly });
// Temporal's SDK keeps the process alive for a while.
process.exit();
