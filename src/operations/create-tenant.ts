import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { ChpError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { type Converged, convergeTenant, type GivenSecrets } from './converge-tenant.ts';
import { membersOf } from './edit-tenant.ts';
import { openHost } from './host-link.ts';
import { storeSkills } from './store-skills.ts';
import { withTenantJob } from './tenant-job.ts';

export interface CreateInput {
  /** tenant.yaml as text. */
  document: string;
  /** For messages and for skills with relative folders. */
  file: string;
  baseDir: string;
  secrets: GivenSecrets;
  /** The name that was asked for, where it comes beside a document. */
  name?: string;
}

/**
 * Registers a tenant and brings its host to the first generation, ending with a real agent turn.
 * Safe to run again: an attempt that was cut or failed is taken up where it stopped.
 *
 * @throws TENANT_EXISTS when one of that name is ready; all of `convergeTenant`
 */
export async function createTenant(context: Context, input: CreateInput): Promise<Converged> {
  const { tenant } = parseTenant(input.document, input.file);
  if (input.name !== undefined && input.name !== tenant.name)
    throw new ChpError('BAD_INPUT', `${input.file} describes "${tenant.name}", not "${input.name}"`);
  const registry = await context.registry();
  const isNew = (await registry.tenants()).every(({ name }) => name !== tenant.name);
  // A host that can't be reached, or can't be a hub, leaves no trace in the registry.
  if (isNew) await (await openHost(context, tenant))[Symbol.asyncDispose]();
  return withTenantJob(context, tenant.name, 'create', { host: tenant.host }, async (job) => {
    await job.step('register', async () => {
      const known = (await registry.tenants()).find(({ name }) => name === tenant.name);
      if (!known) {
        await registry.createTenant(
          { name: tenant.name, topology: tenant.topology, host: tenant.host, document: input.document },
          membersOf(tenant),
        );
        return;
      }
      if (known.phase === 'ready' || known.phase === 'destroying' || known.host !== tenant.host)
        throw new ChpError('TENANT_EXISTS', `a tenant named ${tenant.name} exists (${known.phase}, on ${known.host})`, {
          why: 'Creating it again could throw away what the family has.',
          next:
            known.phase === 'destroying'
              ? [`chp tenant destroy ${tenant.name}`]
              : [`chp tenant show ${tenant.name}`, `chp tenant apply ${tenant.name} -f ${input.file}`],
        });
      context.progress.note(`taking up the earlier attempt to create ${tenant.name}`);
      await registry.saveDocument(tenant.name, input.document, known.revision, membersOf(tenant));
    });
    try {
      await job.step('skills', () => storeSkills(registry, tenant, input.baseDir, true));
      return await convergeTenant(context, job, tenant, input.secrets);
    } catch (error) {
      await registry.updateTenant(tenant.name, { phase: 'failed' });
      throw error;
    }
  });
}
