import { digestOf } from '../../core/digest.ts';
import { VerbFailure } from '../../core/ports/automation.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import { resolveInputs } from '../../packs/inputs.ts';
import type { RunInput } from '../../packs/interpret/ports.ts';
import type { LoadedPack, LoadedTenant } from './config.ts';

export type UsablePack = Extract<LoadedPack, { problem: null }>;
export type Start = Pick<RunInput, 'trigger' | 'item' | 'dryRun'>;

/** What a run of an installed pack begins with: it keeps this pack and these members to its end. @throws VerbFailure */
export function runInput(tenant: LoadedTenant, id: string, inputs: Record<string, unknown>, start: Start): RunInput {
  const pack = usable(tenant, id);
  return {
    tenant: { name: tenant.name, timezone: tenant.timezone, members: membersOf(tenant) },
    pack: pack.compiled,
    inputs: inputsOf(tenant, pack, inputs),
    ...start,
  };
}

/** A dry run of a pack from somewhere else; what the tenant set for one of the same name holds. @throws VerbFailure */
export function trialInput(
  tenant: LoadedTenant,
  compiled: CompiledPack,
  inputs: Record<string, unknown>,
  by: string,
): RunInput {
  const { digest, ...rest } = compiled;
  if (digestOf(rest) !== digest) throw new VerbFailure('refused', 'the pack does not match its digest');
  const installed = tenant.packs.find(({ id }) => id === compiled.id)?.inputs ?? {};
  return {
    tenant: { name: tenant.name, timezone: tenant.timezone, members: membersOf(tenant) },
    pack: compiled,
    inputs: inputsOf(tenant, { compiled, inputs: installed }, inputs),
    trigger: { kind: 'manual', by, payload: null },
    dryRun: true,
  };
}

/** As expressions see them: contacts stay with the notifier. */
export const membersOf = (tenant: Pick<LoadedTenant, 'members'>): RunInput['tenant']['members'] =>
  tenant.members.map(({ id, name, role }) => ({ id, name, role }));

/** @throws VerbFailure not-found, refused */
export function usable(tenant: LoadedTenant, id: string): UsablePack {
  const pack = tenant.packs.find((installed) => installed.id === id);
  if (!pack) throw new VerbFailure('not-found', `the pack "${id}" is not installed`);
  if (pack.problem !== null) throw new VerbFailure('refused', `the pack "${id}" can't run: ${pack.problem}`);
  return pack;
}

/** The tenant's values, over them those of this start; else the pack's defaults. @throws VerbFailure needs-info */
export function inputsOf(
  tenant: LoadedTenant,
  { compiled, inputs: installed }: Pick<UsablePack, 'compiled' | 'inputs'>,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const members = tenant.members.map(({ id }) => id);
  const { inputs, problems } = resolveInputs(compiled.inputs ?? {}, { ...installed, ...given }, members);
  if (problems.length === 0) return inputs;
  throw new VerbFailure('needs-info', `${compiled.id}: ${problems.map(({ message }) => message).join('; ')}`);
}
