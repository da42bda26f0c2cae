import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';

export interface PackView {
  id: string;
  /** null: not locked yet; `chp tenant apply` does it. */
  version: string | null;
  /** What the document asks for. */
  want: string;
  catalogue: string;
  enabled: boolean;
  integrity: string | null;
  keyid: string | null;
  inputs: Record<string, unknown>;
}

/** The lock of a tenant's packs: what runs, and what was asked for. */
export async function listPacks(context: Context, name: string): Promise<PackView[]> {
  const { tenant } = await loadTenant(context, name);
  const locked = new Map((await (await context.registry()).packs(name)).map((pack) => [pack.id, pack]));
  return tenant.packs.map(({ id, version, channel, catalogue, enabled, inputs }) => {
    const pack = locked.get(id);
    return {
      id,
      version: pack?.version ?? null,
      want: version ?? channel ?? 'stable',
      catalogue,
      enabled,
      integrity: pack?.integrity ?? null,
      keyid: pack?.keyid ?? null,
      inputs,
    };
  });
}
