import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { runtimeAdapter } from '../adapters/runtimes/index.ts';
import { automationServices } from '../packs/automation.ts';
import { placed, takenPorts } from './choose-port.ts';
import type { Context } from './context.ts';
import type { CreateInput } from './create-tenant.ts';
import { openHost } from './host-link.ts';
import { missingSecrets } from './needed-secrets.ts';
import { assertRuntime } from './runtime-bundle.ts';

/** Checks document and host, and says what create would do. Changes nothing. */
export async function previewCreate(
  context: Context,
  input: CreateInput,
): Promise<{ tenant: string; host: string; missingSecrets: string[]; lines: string[] }> {
  const { tenant: asked } = parseTenant(input.document, input.file);
  await assertRuntime(context, asked);
  await using host = await openHost(context, asked);
  const tenants = await (await context.registry()).tenants();
  const isNew = tenants.every(({ name }) => name !== asked.name);
  const document = isNew ? placed(input, takenPorts(host.facts.ports, asked.host, tenants)) : input.document;
  const { tenant } = parseTenant(document, input.file);
  const runtime = runtimeAdapter(tenant.runtime);
  const missing = missingSecrets(tenant, input.secrets.keys());
  const lines = [
    `${tenant.name} would be created on ${host.transport.target} (${host.facts.os}, ${host.platform}, ${host.manager}, under ${host.root}):`,
    `  + identity: gateway token, signing key, certificates, age recipient`,
    `  + runtime ${tenant.runtime.name}@${tenant.runtime.version}`,
    ...[...runtime.services(tenant), ...automationServices(tenant)].map(
      (service) => `  + service ${service.name}${service.port ? ` on 127.0.0.1:${service.port}` : ''}`,
    ),
    ...tenant.skills.map((skill) => `  + skill ${skill.name} (${skill.source})`),
    ...missing.map((name) => `  ! the secret ${name} is missing: --secret-env ${name}`),
  ];
  return { tenant: tenant.name, host: host.transport.target, missingSecrets: missing, lines };
}
