import type { DatabaseSync } from 'node:sqlite';
import type { AgentPort, Connector, Notify } from '../../core/ports/automation.ts';
import type { TenantServices } from './activities/services.ts';
import { GatewayAgent } from './agent.ts';
import { AgentSessions } from './agent-sessions.ts';
import type { AuditLog } from './audit.ts';
import type { TenantCodec } from './codec.ts';
import type { LoadedTenant } from './config.ts';
import type { EffectsLedger } from './effects.ts';
import { log } from './log.ts';
import { runInput } from './run-input.ts';
import type { Secrets } from './secrets.ts';

/** What the composition root puts in: connectors and ways to reach people are services of their own. */
export interface TenantParts {
  connectors(tenant: LoadedTenant, secrets: Secrets, agent: AgentPort): ReadonlyMap<string, Connector>;
  notify(tenant: LoadedTenant, secrets: Secrets, agent: AgentPort): Notify;
}

export interface TenantKeep {
  db: DatabaseSync;
  effects: EffectsLedger;
  audit: AuditLog;
  codec: TenantCodec;
  secrets: Secrets;
}

/** A tenant's services as its configuration says now; made anew when that changes. */
export class TenantRuntime {
  readonly tenant: LoadedTenant;
  readonly services: TenantServices;
  readonly agent: GatewayAgent;
  readonly notify: Notify;
  readonly connectors: ReadonlyMap<string, Connector>;

  constructor(tenant: LoadedTenant, keep: TenantKeep, parts: TenantParts) {
    const { db, effects, audit, codec, secrets } = keep;
    const { port, tokenSecret, agent } = tenant.gateway;
    this.tenant = tenant;
    this.agent = new GatewayAgent({ port, token: secrets.get(tokenSecret), agent }, new AgentSessions(db, tenant.name));
    this.connectors = parts.connectors(tenant, secrets, this.agent);
    this.notify = parts.notify(tenant, secrets, this.agent);
    this.services = {
      tenant: tenant.name,
      agent: this.agent,
      connectors: this.connectors,
      notify: this.notify,
      recipients: new Map(tenant.members.map((member) => [member.id, { ...member, contacts: member.contacts ?? [] }])),
      audit,
      effects,
      sealer: codec,
      inputOf: (pack, inputs, start) => runInput(tenant, pack, inputs, start),
    };
  }

  async close(): Promise<void> {
    const parts = [this.notify, this.agent, ...this.connectors.values()];
    for (const part of parts)
      await part.close?.().catch((error: unknown) => log('warn', 'close-failed', { tenant: this.tenant.name, error }));
  }
}
