import { VerbFailure } from '../../core/ports/automation.ts';
import type { RunInput } from '../../packs/interpret/ports.ts';
import type { LoadedPack, LoadedTenant } from './config.ts';

export type Start = Pick<RunInput, 'trigger' | 'item' | 'dryRun'>;

/** What a run of an installed pack begins with: it keeps this pack and these members to its end. @throws VerbFailure */
export function runInput(tenant: LoadedTenant, id: string, inputs: Record<string, unknown>, start: Start): RunInput {
  const pack = usable(tenant, id);
  return {
    tenant: { name: tenant.name, timezone: tenant.timezone, members: membersOf(tenant) },
    pack: pack.compiled,
    inputs: resolveInputs(pack, inputs),
    ...start,
  };
}

/** As expressions see them: contacts stay with the notifier. */
export const membersOf = (tenant: Pick<LoadedTenant, 'members'>): RunInput['tenant']['members'] =>
  tenant.members.map(({ id, name, role }) => ({ id, name, role }));

/** @throws VerbFailure not-found, refused */
export function usable(tenant: LoadedTenant, id: string): Extract<LoadedPack, { problem: null }> {
  const pack = tenant.packs.find((installed) => installed.id === id);
  if (!pack) throw new VerbFailure('not-found', `the pack "${id}" is not installed`);
  if (pack.problem !== null) throw new VerbFailure('refused', `the pack "${id}" can't run: ${pack.problem}`);
  return pack;
}

/** The tenant's values, over them those of this start; else the pack's defaults. @throws VerbFailure needs-info, refused */
export function resolveInputs(
  { compiled, inputs: installed }: Extract<LoadedPack, { problem: null }>,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const declared = compiled.inputs ?? {};
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) throw new VerbFailure('refused', `the pack "${compiled.id}" has no input "${unknown}"`);
  const values: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = given[name] ?? installed[name] ?? input.default ?? null;
    if (value === null && !input.optional)
      throw new VerbFailure('needs-info', `the input "${name}" of "${compiled.id}" has no value`);
    values[name] = value;
  }
  return values;
}
