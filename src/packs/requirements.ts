import semver from 'semver';
import type { Tenant } from '../core/tenant/schema.ts';
import type { CompiledPack } from './compiled.ts';
import { connectorSecrets } from './connector-secrets.ts';
import { CONNECTORS } from './connectors/index.ts';

/** Something that a tenant lacks for a pack, and the command that supplies it. */
export interface Missing {
  what: string;
  command: string;
}

/** What a tenant has, as far as packs may need it. */
export interface Provided {
  tenant: Pick<Tenant, 'name' | 'members' | 'connectors' | 'packs'>;
  /** Versions of its skills by name; null where a skill says none. */
  skills: ReadonlyMap<string, string | null>;
  /** Names of secrets that are set. */
  secrets: ReadonlySet<string>;
  /** Skills that come with chp. */
  builtin: readonly string[];
}

/** Everything that `pack` requires and the tenant does not have, at once. Pure. */
export function missingFor(pack: Pick<CompiledPack, 'requires'>, provided: Provided): Missing[] {
  const { skills = {}, connectors = [], secrets = [], roles = [], packs = [] } = pack.requires ?? {};
  const { tenant } = provided;
  const missing: Missing[] = [];
  for (const [name, range] of Object.entries(skills)) {
    const source = provided.builtin.includes(name) ? `builtin:${name}` : `FOLDER-OF-${name}`;
    const version = provided.skills.get(name);
    if (version === undefined)
      missing.push({ what: `skill ${name} (${range})`, command: `chp skill add ${tenant.name} ${source}` });
    else if (!semver.satisfies(version ?? '0.0.0', range))
      missing.push({
        what: `skill ${name} ${range}, it has ${version ?? 'no version'}`,
        command: `chp skill push ${tenant.name} ${name}`,
      });
  }
  for (const name of connectors)
    if (!tenant.connectors[name])
      missing.push({
        what: `connector ${name}`,
        command: `chp tenant apply ${tenant.name} -f tenant.yaml  (with connectors.${name}: see docs/verbs.md)`,
      });
  const ofConnectors = connectors.flatMap((name) => connectorSecrets(tenant, name));
  const others = secrets.filter((name) => !isOfConnector(name, connectors));
  for (const name of [...ofConnectors, ...others])
    if (!provided.secrets.has(name))
      missing.push({ what: `secret ${name}`, command: `chp secret set ${tenant.name} ${name}` });
  if (roles.length > 0 && !tenant.members.some(({ role }) => roles.includes(role)))
    missing.push({
      what: `a member who is ${roles.join(' or ')}`,
      command: `chp member add ${tenant.name} ID --name NAME --role ${roles.includes('Adult') ? 'Adult' : roles[0]}`,
    });
  for (const id of packs)
    if (!tenant.packs.some((entry) => entry.id === id))
      missing.push({ what: `pack ${id}`, command: `chp pack install ${tenant.name} ${id}` });
  return missing;
}

/** Its tenant may call it otherwise, or not need it. */
const isOfConnector = (secret: string, connectors: readonly string[]): boolean =>
  connectors.some((name) => Object.values(CONNECTORS[name]?.secrets ?? {}).some((one) => one.name === secret));
