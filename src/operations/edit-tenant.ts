import { parseTenant } from '../adapters/documents/tenant-document.ts';
import type { ApplyResult } from '../core/agent-protocol.ts';
import { ChpError } from '../core/errors.ts';
import type { JobKind, TenantRecord } from '../core/ports/registry.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';
import { putBack, rowsOf } from './kept-rows.ts';
import { openAhead } from './known-host.ts';
import { pushTenant } from './push-tenant.ts';
import { type TenantJob, withTenantJob } from './tenant-job.ts';

/** Record and parsed document of a tenant. @throws TENANT_NOT_FOUND, BAD_DOCUMENT */
export async function loadTenant(context: Context, name: string): Promise<{ record: TenantRecord; tenant: Tenant }> {
  const record = await (await context.registry()).tenant(name);
  return { record, tenant: parsed(record) };
}

export interface EditOutcome {
  tenant: string;
  changed: boolean;
  /** null when nothing was pushed (`stage`, or nothing changed). */
  pushed: ApplyResult | null;
}

/**
 * Changes a tenant's document and pushes the result, as one job. The document is saved only after it validates; with
 * `stage` it is saved and not pushed. When the host refuses the change, the document goes back to what it was, and so do
 * the secrets, skills and locked packs that `edit` stored.
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
    const rows = await rowsOf(registry, name);
    const rowsBack = async (error: unknown): Promise<never> => {
      await registry.together((changes) => putBack(changes, name, rows));
      throw error;
    };
    const change = await changed(before, () => edit(before.document, job)).catch(rowsBack);
    if (!change.documentChanged && !options.alsoChanged) return { tenant: name, changed: false, pushed: null };
    const { tenant } = change;
    const saved = change.documentChanged
      ? await job
          .step('save', () => registry.saveDocument(name, change.text, before.revision, membersOf(tenant)))
          .catch(rowsBack)
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
      if (change.documentChanged)
        await registry.saveDocument(name, before.document, saved.revision, membersOf(parsed(before)));
      return rowsBack(error);
    }
  });
}

/** @throws BAD_DOCUMENT when what the edit made is no tenant's document; whatever `edit` throws */
async function changed(
  { name, document }: TenantRecord,
  edit: () => Promise<string>,
): Promise<{ text: string; tenant: Tenant; documentChanged: boolean }> {
  const text = await edit();
  return { text, tenant: parsed({ name, document: text }), documentChanged: text !== document };
}

const parsed = ({ name, document }: Pick<TenantRecord, 'name' | 'document'>): Tenant =>
  parseTenant(document, `${name}/tenant.yaml`).tenant;

/** Member rows of a document. */
export function membersOf(tenant: Tenant): { id: string; name: string; role: string }[] {
  return tenant.members.map(({ id, name, role }) => ({ id, name, role }));
}
