import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentPort, Connector, Envelope, Notify } from '../src/core/ports/automation.ts';
import { makeConnectors } from '../src/services/connectors/index.ts';
import type { LoadedTenant } from '../src/services/worker/config.ts';
import { log } from '../src/services/worker/log.ts';
import { playFixtures } from '../src/services/worker/play.ts';
import { runWorker } from '../src/services/worker/process.ts';
import type { Secrets } from '../src/services/worker/secrets.ts';

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

/** A folder of a tenant's own, for what must survive a restart. */
const dataDir = ({ name }: LoadedTenant): string => join(process.env.CHP_WORKER_DIR ?? '.', 'tenants', name);

function connectorsOf(tenant: LoadedTenant, secrets: Secrets, agent: AgentPort): ReadonlyMap<string, Connector> {
  return makeConnectors({
    tenant,
    secret: (name) => secrets.find(name),
    dataDir: dataDir(tenant),
    agent,
    warn: (message) => log('warn', 'connector', { tenant: tenant.name, message }),
  });
}

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv[2] === 'play') await playFixtures(here, process.stdin);
else await runWorker(here, process.env, { connectors: connectorsOf, notify: inboxOnly });
// Temporal's SDK keeps the process alive for a while.
process.exit();
