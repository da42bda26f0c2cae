import semver from 'semver';
import { ChpError } from '../core/errors.ts';
import type { CatalogueVersion, PackSignature, Packument } from '../core/ports/catalogue.ts';

type Fields = Record<string, unknown>;

const MAX_TEXT = 500;
/** On a live registry, where a version can't carry a word of ours: how a deprecation says that it is more than that. */
export const YANKED = 'yanked: ';

/**
 * A packument of anybody's, brought into our form; what we don't know is left out.
 * @throws INTEGRITY when it is another package's, or a version is not the one it is listed as
 */
export function readPackument(read: unknown, name: string, location: string): Packument {
  const refused = (why: string): ChpError => new ChpError('INTEGRITY', `${location} gives no usable ${name}: ${why}`);
  if (!isFields(read)) throw refused('it is no object');
  if (read.name !== name) throw refused(`it is named ${JSON.stringify(read.name)}`);
  const versions = Object.entries(fieldsOf(read.versions)).map(([key, value]) => {
    const one = fieldsOf(value);
    if (semver.valid(key) !== key) throw refused(`${JSON.stringify(key)} is no version`);
    if (one.version !== key || one.name !== name) throw refused(`its ${key} is in truth ${one.name}@${one.version}`);
    return [key, readVersion(one, name, key)] as const;
  });
  return {
    name,
    'dist-tags': texts(read['dist-tags']),
    versions: Object.fromEntries(versions),
    time: texts(read.time),
  };
}

function readVersion(one: Fields, name: string, version: string): CatalogueVersion {
  const dist = fieldsOf(one.dist);
  const said = typeof one.deprecated === 'string' && one.deprecated !== '' ? plain(one.deprecated) : undefined;
  const yanked =
    typeof one.yanked === 'string'
      ? plain(one.yanked)
      : said?.startsWith(YANKED)
        ? said.slice(YANKED.length)
        : undefined;
  return {
    name,
    version,
    description: plain(one.description),
    ...(said === undefined || said.startsWith(YANKED) ? {} : { deprecated: said }),
    ...(yanked === undefined ? {} : { yanked }),
    dist: {
      tarball: typeof dist.tarball === 'string' ? dist.tarball : '',
      integrity: typeof dist.integrity === 'string' ? dist.integrity : '',
      signatures: [...signaturesOf(fieldsOf(one.chp).signatures), ...signaturesOf(dist.signatures)],
      ...(typeof dist.size === 'number' ? { size: dist.size } : {}),
    },
  };
}

/** Of our own: some registries put theirs in place of `dist.signatures`. */
function signaturesOf(read: unknown): PackSignature[] {
  if (!Array.isArray(read)) return [];
  return read
    .filter((one): one is PackSignature => typeof one?.keyid === 'string' && typeof one.sig === 'string')
    .map(({ keyid, sig }) => ({ keyid, sig }));
}

/** Text of strangers as it may be shown on a terminal: one line, without control characters. */
export function plain(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT);
}

const texts = (read: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fieldsOf(read)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
