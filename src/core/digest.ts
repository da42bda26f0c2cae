import { createHash } from 'node:crypto';

/** `sha256:` is implied: 64 lower-case hex characters. */
export type Digest = string;

/** SHA-256 of bytes or UTF-8 text, as 64 hex characters. */
export function sha256(data: string | Uint8Array): Digest {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * JSON with sorted keys and no white space, so that equal values have equal bytes (RFC 8785 for the subset
 * used here: strings, integers, booleans, null, arrays, objects; `undefined` members are left out).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((v) => canonicalJson(v ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let members = '';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** Digest of a value's canonical JSON. */
export function digestOf(value: unknown): Digest {
  return sha256(canonicalJson(value));
}
