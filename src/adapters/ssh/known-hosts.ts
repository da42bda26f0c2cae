import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What the known_hosts files say of a key (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export type HostKeyVerdict =
  | { is: 'known' }
  | { is: 'unknown' }
  | { is: 'changed'; known: string; file: string; line: number }
  | { is: 'revoked' };

/** `SHA256:…` as ssh-keygen prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** Type of a key blob: its first length-prefixed string. */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** `name`: host name, or `[host]:port` for another port than 22. */
export function hostPattern(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

export function checkHostKey(files: readonly string[], name: string, key: Buffer): HostKeyVerdict {
  const type = keyType(key);
  let changed: HostKeyVerdict | undefined;
  let known = false;
  for (const file of files)
    for (const [index, line] of readLines(file).entries()) {
      const [, marker, hosts = '', lineType, encoded] = /^(?:(@\S+)\s+)?(\S+)\s+(\S+)\s+(\S+)/.exec(line.trim()) ?? [];
      if (!encoded || hosts.startsWith('#') || !hosts.split(',').some((pattern) => matches(pattern, name))) continue;
      const same = Buffer.from(encoded, 'base64').equals(key);
      if (marker === '@revoked' && same) return { is: 'revoked' };
      if (marker || lineType !== type) continue;
      if (same) known = true;
      else changed ??= { is: 'changed', known: fingerprint(Buffer.from(encoded, 'base64')), file, line: index + 1 };
    }
  if (known) return { is: 'known' };
  return changed ?? { is: 'unknown' };
}

/** Key types that are pinned for a host: the server is asked for those first, so that it can't slip in another. */
export function pinnedTypes(files: readonly string[], name: string): string[] {
  const types = files.flatMap(readLines).flatMap((line) => {
    const [hosts = '', type = ''] = line.trim().split(/\s+/);
    return !hosts.startsWith('#') &&
      !hosts.startsWith('@') &&
      hosts.split(',').some((pattern) => matches(pattern, name))
      ? [type]
      : [];
  });
  return [...new Set(types)];
}

/** Pins a key. One write of one line: safe beside other writers. */
export function pinHostKey(file: string, name: string, key: Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${name} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith('|1|')) return pattern === name;
  const [, , salt = '', hash = ''] = pattern.split('|');
  const computed = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  const expected = Buffer.from(hash, 'base64');
  return expected.length === computed.length && timingSafeEqual(expected, computed);
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
