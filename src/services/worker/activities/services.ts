import type { AgentPort, Connector, Notify, Recipient } from '../../../core/ports/automation.ts';
import type { RunInput } from '../../../packs/interpret/ports.ts';
import type { AuditLog } from '../audit.ts';
import type { EffectsLedger, Sealer } from '../effects.ts';

/** What a tenant's activities work with. */
export interface TenantServices {
  tenant: string;
  agent: AgentPort;
  connectors: ReadonlyMap<string, Connector>;
  notify: Notify;
  /** By member id. */
  recipients: ReadonlyMap<string, Recipient>;
  audit: AuditLog;
  effects: EffectsLedger;
  sealer: Sealer;
  /** What a run of an installed pack begins with. @throws VerbFailure when it is not installed, or not enabled */
  inputOf(
    pack: string,
    inputs: Record<string, unknown>,
    start: Pick<RunInput, 'trigger' | 'item' | 'dryRun'>,
  ): RunInput;
}
