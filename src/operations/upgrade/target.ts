import { editDocument, setAt } from '../../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import { runtimeAdapter } from '../../adapters/runtimes/index.ts';
import { ChpError } from '../../core/errors.ts';
import type { TenantRecord } from '../../core/ports/registry.ts';
import { compareRuntimeVersions } from '../../core/runtime-version.ts';
import type { Tenant } from '../../core/tenant/schema.ts';

/** What is asked for. With none of them: everything that is newer. */
export interface UpgradeRequest {
  /** `clawdbot@<version>` or `openclaw@<version>`. */
  to?: string | undefined;
  /** The newest versions of packs that the document allows. */
  packs?: boolean | undefined;
  /** Worker, node and host agent that come with this chp. They come along with any other change, too. */
  services?: boolean | undefined;
}

export interface UpgradeTarget {
  /** tenant.yaml as it is to be. */
  document: string;
  tenant: Tenant;
  packs: boolean;
}

export const runtimeName = ({ runtime }: Pick<Tenant, 'runtime'>): string => `${runtime.name}@${runtime.version}`;

/** The document that an upgrade leads to; comments and order are kept. Pure. @throws BAD_INPUT, CONFLICT */
export function upgradeTarget(
  { name, document }: Pick<TenantRecord, 'name' | 'document'>,
  request: UpgradeRequest,
): UpgradeTarget {
  const file = `${name}/tenant.yaml`;
  const { tenant } = parseTenant(document, file);
  const all = request.to === undefined && !request.packs && !request.services;
  const to = request.to ?? (all ? newestOf(tenant) : runtimeName(tenant));
  const packs = all || (request.packs ?? false);
  if (to === runtimeName(tenant)) return { document, tenant, packs };
  if (!/^(clawdbot|openclaw)@[0-9][0-9A-Za-z.-]*$/.test(to))
    throw new ChpError('BAD_INPUT', `"${to}" is no runtime with an exact version`, {
      next: [`--to ${newestOf(tenant)}`],
    });
  if (tenant.runtime.name === 'openclaw' && to.startsWith('clawdbot@'))
    throw new ChpError('CONFLICT', `${name} can't be upgraded from ${runtimeName(tenant)} to ${to}`, {
      why: 'openclaw migrated its state, and clawdbot would see nothing of it.',
      next: [`chp rollback ${name} --restore-state`],
    });
  const edited = editDocument(document, file, (yaml) => setAt(yaml, ['runtime'], to));
  return { document: edited, tenant: parseTenant(edited, file).tenant, packs };
}

/** What comes with this chp, unless something newer runs that was imported. */
function newestOf({ runtime: { name, version } }: Pick<Tenant, 'runtime'>): string {
  const known = runtimeAdapter({ name, version }).version;
  return `${name}@${compareRuntimeVersions(version, known) > 0 ? version : known}`;
}
