import { parseTenant } from '../adapters/documents/tenant-document.ts';
import type { ApplyResult } from '../core/agent-protocol.ts';
import { ChpError } from '../core/errors.ts';
import type { JobKind, TenantRecord } from '../core/ports/registry.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';
import { openAhead } from './known-host.ts';
import { pushTenant } from './push-tenant.ts';
import { type TenantJob, withTenantJob } from './tenant-job.ts';

/** Record and parsed document of a tenant. @throws TENANT_NOT_FOUND, BAD_DOCUMENT */
export async function loadTenant(context: Context, name: string): Promise<{ record: TenantRecord; tenant: Tenant }> {
  const record = await (await context.registry()).tenant(name);
  return { record, tenant: parseTenant(record.document, `${name}/tenant.yaml`).tenant };
}

export interface EditOutcome {
  tenant: string;
  changed: boolean;
  /** null when nothing was pushed (`stage`, or nothing changed). */
  pushed: ApplyResult | null;
}

/**
 * Changes a tenant's document and pushes the result, as one job. The document is saved only after it validates; with
 * `stage` it is saved and not pushed. When the host refuses the change, the document goes back to what it was.
 */
export async function editTenantDocument(
  context: Context,
  name: string,
  options: { kind: JobKind; details: Record<string, unknown>; stage: boolean; alsoChanged?: boolean },
  edit: (document: string, job: TenantJob) => Promise<string>,
): Promise<EditOutcome> {
  const registry = await context.registry();
  await registry.tenant(name);
  await using ahead = options.stage ? null : openAhead(context, name);
  // Awaited here: the link is closed when this function returns.
  return await withTenantJob(context, name, options.kind, options.details, async (job) => {
    const before = await registry.tenant(name);
    const text = await edit(before.document, job);
    const documentChanged = text !== before.document;
    if (!documentChanged && !options.alsoChanged) return { tenant: name, changed: false, pushed: null };
    const { tenant } = parseTenant(text, `${name}/tenant.yaml`);
    const saved = documentChanged
      ? await job.step('save', () => registry.saveDocument(name, text, before.revision, membersOf(tenant)))
      : before;
    if (!ahead) return { tenant: name, changed: true, pushed: null };
    if (saved.phase !== 'ready')
      throw new ChpError('CONFLICT', `${name} is not ready (${saved.phase}); the change is recorded but not pushed`, {
        next: [`chp tenant apply ${name}`],
      });
    try {
      const pushed = await job.step('push', () => pushTenant(context, saved, tenant, ahead));
      return { tenant: name, changed: true, pushed };
    } catch (error) {
      if (documentChanged)
        await registry.saveDocument(
          name,
          before.document,
          saved.revision,
          membersOf(parseTenant(before.document, 'tenant.yaml').tenant),
        );
      throw error;
    }
  });
}

/** Member rows of a document. */
export function membersOf(tenant: Tenant): { id: string; name: string; role: string }[] {
  return tenant.members.map(({ id, name, role }) => ({ id, name, role }));
}
