import chalk from 'chalk';
import type { KeyView } from '../operations/catalogue/keys.ts';
import type { CatalogueView } from '../operations/catalogue/manage-catalogues.ts';
import type { PackInfo } from '../operations/catalogue/pack-info.ts';
import type { PublishedPack } from '../operations/catalogue/publish-pack.ts';
import type { Retraction } from '../operations/catalogue/retract-pack.ts';
import type { CatalogueVerdict } from '../operations/catalogue/verify-catalogue.ts';
import { table } from './table.ts';

export function presentNewCatalogue({ name, location, kind, keys }: CatalogueView): string {
  const [key] = keys;
  return [
    `${name}: a catalogue at ${location}${kind === 'live' ? ' (a live registry)' : ''}.`,
    `It is signed by ${key?.keyid}; the private key is in $CHP_HOME/keys/catalogues: back it up.`,
    '',
    'Next:',
    '  chp pack publish ./my-pack',
    ...(kind === 'static' ? [`  chp catalogue serve ${name}`] : []),
    `  Others use it by: chp catalogue add LOCATION --name ${name} --key ${key?.keyid}`,
  ].join('\n');
}

export function presentCatalogues(catalogues: readonly CatalogueView[]): string {
  const rows = catalogues.map(({ name, kind, scope, keys, location }) => {
    const believed = keys.filter(({ revoked }) => revoked === null);
    const signs = keys.some(({ signing, revoked }) => signing && revoked === null) ? 'yes' : 'no';
    return [name, kind, scope, String(believed.length), signs, location];
  });
  return table(['NAME', 'KIND', 'SCOPE', 'KEYS', 'SIGNS', 'LOCATION'], rows);
}

export function presentKeys(keys: readonly KeyView[]): string {
  const rows = keys.map(({ keyid, state, signing, expires, reason }) => [
    keyid,
    state,
    signing ? 'yes' : 'no',
    expires ?? 'never',
    reason ?? (state === 'offered' ? 'not pinned here' : ''),
  ]);
  return table(['KEY', 'STATE', 'SIGNS HERE', 'EXPIRES', ''], rows);
}

export function presentVerdict({ catalogue, packs, versions, bytes, expires, faults }: CatalogueVerdict): string {
  const read = `${catalogue}: ${packs} packs, ${versions} versions, ${kilobytes(bytes)}`;
  if (faults.length === 0)
    return `${read}; every digest and signature holds.${expires ? ` Its statement holds until ${expires}.` : ''}`;
  const lines = faults.map(({ what, code, message }) => `  ${chalk.red(code)} ${what}: ${message}`);
  return [`${read}; ${faults.length} faults:`, ...lines].join('\n');
}

export function presentPublished(published: PublishedPack): string {
  const { outcome, name, version, tag, catalogue, size, files, keyids } = published;
  const channel = tag === 'latest' ? 'stable' : tag;
  const what = `${name}@${version}`;
  if (outcome === 'unchanged') return `${what} is in ${catalogue} already, as ${channel}; nothing was changed.`;
  const head =
    outcome === 'dry-run'
      ? `${what} would be published to ${catalogue} as ${channel}: ${kilobytes(size)}`
      : `${what} is published to ${catalogue} as ${channel}: ${kilobytes(size)}, signed by ${keyids.join(', ')}`;
  return [head, ...files.map((file) => `  ${file}`)].join('\n');
}

export function presentRetraction({ name, version, reason, changed, channels }: Retraction, word: string): string {
  const state = reason === null ? `is not ${word} any more` : `is ${word}: ${reason}`;
  const stable = channels.latest ? `Stable is ${channels.latest}.` : 'No version is stable now.';
  return `${name}@${version} ${state}. ${changed ? stable : 'It was so already.'}`;
}

export function presentPack(pack: PackInfo): string {
  const { requires } = pack;
  const needs = [
    ...Object.entries(requires.skills ?? {}).map(([skill, range]) => `skill ${skill} ${range}`),
    ...(requires.connectors ?? []).map((connector) => `connector ${connector}`),
    ...(requires.secrets ?? []).map((secret) => `secret ${secret}`),
    ...(requires.roles ?? []).map((role) => `a member who is ${role}`),
    ...(requires.packs ?? []).map((other) => `pack ${other}`),
  ];
  const inputs = pack.inputs.map(({ name, type, description, default: value, optional }) => [
    `  ${name}`,
    type,
    value === null ? (optional ? 'optional' : 'must be given') : JSON.stringify(value),
    description,
  ]);
  const versions = pack.versions
    .slice(0, 10)
    .map(({ version, published, deprecated, yanked }) =>
      [
        `  ${version}`,
        published?.slice(0, 10) ?? '',
        yanked === null ? (deprecated === null ? '' : `deprecated: ${deprecated}`) : `yanked: ${yanked}`,
      ]
        .join('  ')
        .trimEnd(),
    );
  return [
    `${chalk.bold(pack.id)} ${pack.version}  ${pack.description}`,
    `From ${pack.catalogue}, ${kilobytes(pack.size)}, signed by ${pack.keyid}`,
    `By ${pack.authors.join(', ')}; ${pack.licence}`,
    `Risk: ${pack.risk}`,
    `Needs: ${needs.join(', ') || 'nothing'}`,
    ...(inputs.length > 0 ? ['Inputs:', table(['  NAME', 'TYPE', 'DEFAULT', ''], inputs)] : []),
    `Channels: ${
      Object.entries(pack.channels)
        .map(([tag, version]) => `${tag} ${version}`)
        .join(', ') || 'none'
    }`,
    'Versions:',
    ...versions,
    ...pack.warnings.map((warning) => chalk.yellow(`Warning: ${warning}`)),
  ].join('\n');
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
