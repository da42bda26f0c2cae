import { ChpError } from '../core/errors.ts';
import type { Context } from './context.ts';
import type { EditOutcome } from './edit-tenant.ts';
import { forEachTenant, type ManyOutcomes } from './for-each-tenant.ts';
import { pushSkills } from './skills.ts';

/** Pushes to several tenants at once what chp has of each, with their skills' folders read anew. `null` = all tenants. */
export async function pushTenants(
  context: Context,
  names: readonly string[] | null,
  atOnce: number,
): Promise<ManyOutcomes<EditOutcome>> {
  const all = names ?? (await (await context.registry()).tenants()).map(({ name }) => name);
  if (all.length === 0)
    throw new ChpError('NOT_FOUND', 'there are no tenants', { next: ['chp tenant create NAME --host local'] });
  return forEachTenant(context, all, { title: 'Push', atOnce }, (own, tenant) => pushSkills(own, tenant, undefined));
}
