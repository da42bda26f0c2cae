import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceStatus } from '../../../core/agent-protocol.ts';
import type { TenantLayout } from '../../../core/host-layout.ts';
import type { ResolvedService } from './manager.ts';

/** What the supervisor is to run; written atomically by the agent, which then sends SIGHUP. */
export interface DesiredState {
  revision: string;
  services: readonly ResolvedService[];
}

/** What it runs; written atomically by the supervisor. */
export interface SupervisorState {
  pid: number;
  /** Revision of the desired state that all services have been started for. */
  revision: string | null;
  services: ServiceStatus[];
}

export const desiredFile = (layout: TenantLayout): string => join(layout.run, 'desired.json');
export const stateFile = (layout: TenantLayout): string => join(layout.run, 'supervisor.json');
export const logFile = (layout: TenantLayout, service: string): string => join(layout.logs, `${service}.log`);

export function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Is this process one of ours (and not a later one with the same number)? */
export function isSupervisor(pid: number, tenant: string): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return argv.includes('supervise') && argv.includes(tenant);
  } catch {
    return false;
  }
}
