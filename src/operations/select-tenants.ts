import { parseTenant } from '../adapters/documents/tenant-document.ts';
import type { TenantRecord } from '../core/ports/registry.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { parseSelector, selects } from '../core/tenant/selector.ts';
import type { Context } from './context.ts';

export interface Selected {
  record: TenantRecord;
  tenant: Tenant;
}

/** Tenants by their labels, or all of them. @throws BAD_INPUT on the selector; BAD_DOCUMENT naming the tenant */
export async function selectTenants(context: Context, selector: string | null): Promise<Selected[]> {
  const wanted = selector === null ? [] : parseSelector(selector);
  return (await (await context.registry()).tenants())
    .map((record) => ({ record, tenant: parseTenant(record.document, `${record.name}/tenant.yaml`).tenant }))
    .filter(({ tenant }) => selects(wanted, tenant.labels));
}

/** As the registry has them; without a selector no document is read. @throws as `selectTenants` */
export async function listTenants(context: Context, selector: string | null): Promise<TenantRecord[]> {
  if (selector === null) return (await context.registry()).tenants();
  return (await selectTenants(context, selector)).map(({ record }) => record);
}
