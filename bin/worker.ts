import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Envelope, Notify } from '../src/core/ports/automation.ts';
import { playFixtures } from '../src/services/worker/play.ts';
import { runWorker } from '../src/services/worker/process.ts';

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

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv[2] === 'play') await playFixtures(here, process.stdin);
else await runWorker(here, process.env, { connectors: () => new Map(), notify: inboxOnly });
// Temporal's SDK keeps the process alive for a while.
process.exit();
