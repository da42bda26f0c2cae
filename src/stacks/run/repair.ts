import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { deleteHost, type HostState } from '../provider/host.ts';
import { type Engine, ifMissing } from './workspace.ts';

/** Something that a killed run had begun. */
export interface PendingOperation {
  type: string;
  resource: { urn: string; type: string; inputs?: Record<string, unknown> };
}

/** What earlier runs began and never ended, as the state says. */
export async function pendingOperations(tenant: string, engine: Engine): Promise<PendingOperation[]> {
  const text = await engine('stack', 'export', '--stack', tenant).catch(ifMissing('{}'));
  const { deployment } = JSON.parse(text) as { deployment?: { pending_operations?: PendingOperation[] } };
  return deployment?.pending_operations ?? [];
}

/**
 * Has the engine forget what was begun, under its own lock. Every operation of our provider can be repeated, so the
 * next `up` simply does it again.
 */
export async function clearPending(
  stack: Stack,
  pending: readonly PendingOperation[],
  note: (text: string) => void,
): Promise<void> {
  if (pending.length === 0) return;
  await stack.refresh({ clearPendingCreates: true, suppressOutputs: true });
  for (const { type, resource } of pending)
    note(`An earlier run was cut while ${type} ${resource.urn.split('::').at(-1)}; it is done again.`);
}

/** Hosts that a killed run had begun to prepare are not in the state: what it made there must go all the same. */
export async function removeBegun(
  pending: readonly PendingOperation[],
  { signal, env }: { signal: AbortSignal; env: NodeJS.ProcessEnv },
): Promise<void> {
  const hosts = pending.filter(({ type, resource }) => type === 'creating' && resource.type === 'chp:index:Host');
  for (const { resource } of hosts) await deleteHost(resource.inputs as unknown as HostState, signal, env);
}
