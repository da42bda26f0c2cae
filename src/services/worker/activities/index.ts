import { agentAsk } from './agent-ask.ts';
import { audit } from './audit.ts';
import { connectorCall } from './connector-call.ts';
import { envelopeOpen, envelopeSettle } from './envelope.ts';
import { loadPack } from './load-pack.ts';
import { notify } from './notify.ts';
import type { TenantServices } from './services.ts';
import type { Activities } from './types.ts';

/** A tenant's activities, by the names that workflows call. */
export function activitiesOf(services: TenantServices): Activities {
  return {
    'agent.ask': agentAsk(services),
    'connector.call': connectorCall(services),
    notify: notify(services),
    'envelope.open': envelopeOpen(services),
    'envelope.settle': envelopeSettle(services),
    audit: audit(services),
    loadPack: loadPack(services),
  };
}
