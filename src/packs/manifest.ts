import { ChpError } from '../core/errors.ts';

/**
 * package.json inside a pack's tarball: what npm's own tools need, and nothing that they would run. Made when the pack is
 * published; a folder's own package.json is not taken.
 */
export interface PackManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: readonly string[];
  chp: {
    /** Of this record. */
    format: 1;
    /** Id in pack.yaml. */
    id: string;
    /** Range of chp versions that run it; null: any. */
    requires: string | null;
    /** Digest of the compiled pack, so that a host can tell that what it runs is what was signed. */
    compiled: string;
  };
}

const TEXTS = ['name', 'version', 'description', 'license'] as const;
const KEYS = [...TEXTS, 'keywords', 'chp'];

/**
 * The manifest as it is in a tarball of anybody.
 * @throws ChpError INTEGRITY when it is none, or holds more than a manifest has (scripts, dependencies…)
 */
export function describesPack(bytes: Uint8Array): PackManifest {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw refused('is not JSON');
  }
  if (!isRecord(read)) throw refused('is no object');
  const odd = Object.keys(read).find((key) => !KEYS.includes(key));
  if (odd !== undefined) throw refused(`holds ${JSON.stringify(odd)}, which no pack has`);
  const lacking = TEXTS.find((key) => typeof read[key] !== 'string' || read[key] === '');
  if (lacking) throw refused(`lacks "${lacking}"`);
  const { chp } = read;
  if (
    !isRecord(chp) ||
    chp.format !== 1 ||
    typeof chp.id !== 'string' ||
    typeof chp.compiled !== 'string' ||
    !(chp.requires === null || typeof chp.requires === 'string')
  )
    throw refused('has no "chp" of a format that is known here');
  if (chp.id !== String(read.name).split('/').at(-1)) throw refused('is named otherwise than the pack in it');
  return read as unknown as PackManifest;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refused(why: string): ChpError {
  return new ChpError('INTEGRITY', `package.json in the tarball ${why}`);
}
