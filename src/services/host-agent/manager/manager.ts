import type { HostStatus, ServiceStatus } from '../../../core/agent-protocol.ts';
import type { GenerationService } from '../../../core/generation.ts';

/** A service with every placeholder filled in. */
export interface ResolvedService extends GenerationService {
  /** Digest of all that a running process depends on: when it differs, the process is restarted. */
  fingerprint: string;
}

/** Runs a tenant's processes: systemd, the agent's own supervisor, or Compose. */
export interface Manager {
  /** Starts, restarts or removes processes until they are `services`; returns when all have been started. `configWritable`: the gateway may change its config. */
  reconcile(services: readonly ResolvedService[], options?: { configWritable: boolean }): Promise<void>;
  /** Stops every process, or those of some services; `reconcile` starts them again. */
  stop(only?: readonly string[]): Promise<void>;
  status(): Promise<ServiceStatus[]>;
  /** What of the manager's own files is not as it was written; by the services' fingerprints nothing is judged. */
  drift(services: readonly ResolvedService[]): Promise<HostStatus['drift']['files']>;
  /** Removes units, supervisor and all they own. */
  remove(): Promise<void>;
  /** Arranges that a cut activation is recovered soon, even when this process is killed; until disarmed. */
  armRecovery(): Promise<void>;
  disarmRecovery(): Promise<void>;
  /** Last lines of a service's log; with `follow` it goes on until the signal. */
  logs(service: string, lines: number, follow: boolean, signal: AbortSignal): AsyncIterable<string>;
}
