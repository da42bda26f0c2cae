import { parsePath } from '../adapters/documents/config-path.ts';
import { editDocument, setAt } from '../adapters/documents/edit-tenant.ts';
import { parseValue } from '../adapters/documents/value.ts';
import { runtimeAdapter } from '../adapters/runtimes/index.ts';
import type { ConfigDrift } from '../core/agent-protocol.ts';
import { ChpError } from '../core/errors.ts';
import { tenantLayout } from '../core/host-layout.ts';
import type { Context } from './context.ts';
import { type EditOutcome, editTenantDocument, loadTenant } from './edit-tenant.ts';
import { openHost } from './host-link.ts';
import { installedAgent } from './installed-agent.ts';

/** A value of the gateway's config as chp renders it, or (at `''`) all of it. @throws NOT_FOUND */
export async function getConfig(context: Context, name: string, path: string): Promise<unknown> {
  const { tenant } = await loadTenant(context, name);
  let value: unknown = runtimeAdapter(tenant.runtime).renderConfig(tenant, tenantLayout('/var/lib/chp', name));
  for (const segment of path === '' ? [] : parsePath(path)) {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, segment))
      value = (value as Record<string, unknown>)[segment];
    else
      throw new ChpError('NOT_FOUND', `the config of ${name} has nothing at ${path}`, {
        next: [`chp config get ${name}`],
      });
  }
  return value;
}

/** Sets (YAML or JSON) or, with undefined, removes a value under `config:` of the document and pushes it. @throws BAD_INPUT */
export function setConfig(
  context: Context,
  name: string,
  path: string,
  text: string | undefined,
  stage: boolean,
): Promise<EditOutcome> {
  const segments = parsePath(path);
  const value = text === undefined ? undefined : parseValue(text, path);
  return editTenantDocument(context, name, { kind: 'config', details: { path }, stage }, async (document) =>
    editDocument(document, `${name}/tenant.yaml`, (yaml) => setAt(yaml, ['config', ...segments], value)),
  );
}

/** Where the live config on the host differs from what was pushed, by owner. */
export async function diffConfig(context: Context, name: string): Promise<ConfigDrift[]> {
  const { tenant } = await loadTenant(context, name);
  await using host = await openHost(context, tenant, 'look');
  return (await installedAgent(host, tenant).status(name)).drift.config;
}
