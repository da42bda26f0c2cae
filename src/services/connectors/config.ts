import type { AgentPort } from '../../core/ports/automation.ts';
import type { ConnectorConfig } from '../../core/worker-protocol.ts';

/** What a connector is made of. */
export interface Setup {
  tenant: string;
  /** IANA zone. */
  timezone: string;
  url: string | undefined;
  settings: ConnectorConfig['settings'];
  /** Values, by what they are; those without a value are missing. */
  secrets: Readonly<Record<string, string>>;
  /** The tenant's private folder for what must survive a restart. */
  dataDir: string;
  /** Leads conversations on the telephone; without it `guidance` is refused. */
  agent: AgentPort | undefined;
  /** Faults that nobody waits for the answer of. Secrets are hidden already. */
  warn: (message: string) => void;
}

/** The base address without the slash at its end. */
export function baseUrl(setup: Setup, fallback: string): string {
  return (setup.url ?? fallback).replace(/\/+$/, '');
}
