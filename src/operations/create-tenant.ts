import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { ChpError } from '../core/errors.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { placed, portOf, takenPorts, withPort } from './choose-port.ts';
import type { Context } from './context.ts';
import { type Converged, convergeTenant, type GivenSecrets } from './converge-tenant.ts';
import { membersOf } from './edit-tenant.ts';
import { openHost } from './host-link.ts';
import { missingSecrets } from './needed-secrets.ts';
import { assertRuntime } from './runtime-bundle.ts';
import { storeSkills } from './store-skills.ts';
import { withTenantJob } from './tenant-job.ts';

export interface CreateInput {
  /** tenant.yaml as text. */
  document: string;
  /** For messages and for skills with relative folders. */
  file: string;
  baseDir: string;
  secrets: GivenSecrets;
  /** The document names no port because nobody was asked for one: a free one of the host is taken. */
  choosePort?: boolean;
  /** The name that was asked for, where it comes beside a document. */
  name?: string;
}

/**
 * Registers a tenant and brings its host to the first generation, ending with a real agent turn.
 * Safe to run again: an attempt that was cut or failed is taken up where it stopped.
 *
 * @throws TENANT_EXISTS when one of that name is ready; BAD_INPUT for secrets that were not given; CONFLICT when its
 *   port is taken; all of `convergeTenant`
 */
export async function createTenant(context: Context, input: CreateInput): Promise<Converged> {
  const { tenant: asked } = parseTenant(input.document, input.file);
  const { name } = asked;
  if (input.name !== undefined && input.name !== name)
    throw new ChpError('BAD_INPUT', `${input.file} describes "${name}", not "${input.name}"`);
  await assertRuntime(context, asked);
  const registry = await context.registry();
  const known = (await registry.tenants()).find((other) => other.name === name);
  const stored = known ? (await registry.secrets(name)).map((secret) => secret.name) : [];
  assertSecretsGiven(asked, [...input.secrets.keys(), ...stored]);
  // A host that can't be reached, or can't be a hub, leaves no trace in the registry.
  const ports = known ? [] : await listeningPorts(context, asked);
  return withTenantJob(context, name, 'create', { host: asked.host }, async (job) => {
    const tenant = await job.step('register', () => register(context, input, ports));
    try {
      await job.step('skills', () => storeSkills(registry, tenant, input.baseDir, true));
      return await convergeTenant(context, job, tenant, { given: input.secrets });
    } catch (error) {
      await registry.updateTenant(name, { phase: 'failed' });
      throw error;
    }
  });
}

async function listeningPorts(context: Context, tenant: Tenant): Promise<readonly number[]> {
  await using host = await openHost(context, tenant);
  return host.facts.ports;
}

/** Before anything is made: a tenant that can't be finished is none. @throws BAD_INPUT */
function assertSecretsGiven(tenant: Tenant, given: readonly string[]): void {
  const missing = missingSecrets(tenant, given);
  if (missing.length === 0) return;
  throw new ChpError('BAD_INPUT', `${tenant.name} needs ${missing.join(', ')}`, {
    why: 'Its document refers to secrets that were not given.',
    next: [`Set them as variables, and add: ${missing.map((name) => `--secret-env ${name}`).join(' ')}`],
    details: { missing },
  });
}

/** @returns the tenant as it is registered: perhaps with another port. @throws TENANT_EXISTS, CONFLICT */
async function register(context: Context, input: CreateInput, listening: readonly number[]): Promise<Tenant> {
  const registry = await context.registry();
  const { file, choosePort = false } = input;
  const { tenant } = parseTenant(input.document, file);
  const { name, topology, host } = tenant;
  const known = (await registry.tenants()).find((other) => other.name === name);
  if (!known) {
    const made = await registry.createTenant(
      { name, topology, host, document: (others) => placed(input, takenPorts(listening, host, others)) },
      membersOf(tenant),
    );
    return parseTenant(made.document, file).tenant;
  }
  if (known.phase === 'ready' || known.phase === 'destroying' || known.host !== host)
    throw new ChpError('TENANT_EXISTS', `a tenant named ${name} exists (${known.phase}, on ${known.host})`, {
      why: 'Creating it again could throw away what the family has.',
      next:
        known.phase === 'destroying'
          ? [`chp tenant destroy ${name}`]
          : [`chp tenant show ${name}`, `chp tenant apply ${name} -f ${file}`],
    });
  context.progress.note(`taking up the earlier attempt to create ${name}`);
  const document = choosePort ? withPort(input.document, file, portOf(known.document)) : input.document;
  await registry.saveDocument(name, document, known.revision, membersOf(tenant));
  return parseTenant(document, file).tenant;
}
