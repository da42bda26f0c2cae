import type { RunResult } from '../../packs/interpret/ports.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { callWorker } from './call-worker.ts';
import { assertProvided } from './fitness.ts';
import { readSoundPack } from './lint-packs.ts';

export interface TriedPack {
  id: string;
  version: string;
  tenant: string;
  run: string;
  /** `planned`: the effects that it would have had. */
  result: RunResult;
}

/**
 * Runs the steps of a pack's folder at a tenant's: its agent is asked and its connectors are read; effects are only said.
 * The pack need not be installed; what the tenant set for one of that name holds.
 * @throws BAD_DOCUMENT; BAD_INPUT naming all that the tenant lacks for it; NOT_FOUND without a worker
 */
export async function tryPack(
  context: Context,
  dir: string,
  name: string,
  options: { inputs: Record<string, unknown>; by: string | undefined },
): Promise<TriedPack> {
  const { pack } = await readSoundPack(dir);
  const { tenant } = await loadTenant(context, name);
  await assertProvided(context, tenant, [{ id: pack.id, compiled: JSON.stringify(pack) }]);
  const by = options.by ?? tenant.members[0]?.id ?? context.actor;
  const answer = await context.progress.step(`Try ${pack.id} at ${name}’s, without effects`, () =>
    callWorker(context, name, 'try', { pack, inputs: options.inputs, by }),
  );
  const { run, result } = answer as { run: string; result: RunResult };
  return { id: pack.id, version: pack.version, tenant: name, run, result };
}
