import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { ChpError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { type Converged, convergeTenant } from './converge-tenant.ts';
import { loadTenant, membersOf } from './edit-tenant.ts';
import { assertRuntime } from './runtime-bundle.ts';
import { storeSkills } from './store-skills.ts';
import { withTenantJob } from './tenant-job.ts';

/** A document to apply instead of the recorded one. */
export interface NewDocument {
  text: string;
  file: string;
  baseDir: string;
}

/**
 * Converges a tenant on its document, or on a new one: infrastructure, generation, and what was changed by hand.
 *
 * @throws TENANT_NOT_FOUND, BAD_DOCUMENT, CONFLICT when name or host differ; all of `convergeTenant`
 */
export async function applyTenant(context: Context, name: string, document?: NewDocument): Promise<Converged> {
  const registry = await context.registry();
  await registry.tenant(name);
  return withTenantJob(context, name, 'apply', {}, async (job) => {
    if (document) await job.step('save', () => saveNewDocument(context, name, document));
    const { record, tenant } = await loadTenant(context, name);
    if (record.phase === 'destroying')
      throw new ChpError('CONFLICT', `${name} is being destroyed`, { next: [`chp tenant destroy ${name}`] });
    await job.step('skills', () => storeSkills(registry, tenant, document?.baseDir ?? '.', document !== undefined));
    return await convergeTenant(context, job, tenant);
  });
}

async function saveNewDocument(context: Context, name: string, { text, file }: NewDocument): Promise<void> {
  const registry = await context.registry();
  const record = await registry.tenant(name);
  const { tenant } = parseTenant(text, file);
  if (tenant.name !== name)
    throw new ChpError('CONFLICT', `${file} describes "${tenant.name}", not "${name}"`, {
      next: [`chp tenant apply ${tenant.name} -f ${file}`],
    });
  await assertRuntime(context, tenant);
  if (tenant.host !== record.host)
    throw new ChpError('CONFLICT', `${name} is on ${record.host}; ${file} says ${tenant.host}`, {
      why: 'Moving a tenant to another host would leave its state behind.',
      next: [`Set host: ${record.host} in ${file}.`],
    });
  if (text !== record.document) await registry.saveDocument(name, text, record.revision, membersOf(tenant));
}
