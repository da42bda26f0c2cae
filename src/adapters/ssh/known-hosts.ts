import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { matchesList } from './patterns.ts';

/** What the known_hosts files say of a key (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export type HostKeyVerdict =
  | { is: 'known' }
  /** Nothing is pinned for the name. */
  | { is: 'unknown' }
  /** Another key is pinned, of this type or only of others: then this is no first contact. */
  | { is: 'changed'; known: string; type: string; file: string; line: number }
  | { is: 'revoked'; file: string; line: number };

interface Entry {
  revoked: boolean;
  type: string;
  key: Buffer;
  file: string;
  line: number;
}

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
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** @throws BAD_INPUT when a file can't be read: its pins must not be lost unseen */
export function checkHostKey(files: readonly string[], name: string, key: Buffer): HostKeyVerdict {
  const entries = entriesOf(files, name);
  const same = (entry: Entry): boolean => entry.key.equals(key);
  const revoked = entries.find((entry) => entry.revoked && same(entry));
  if (revoked) return { is: 'revoked', file: revoked.file, line: revoked.line };
  const pinned = entries.filter((entry) => !entry.revoked);
  if (pinned.some(same)) return { is: 'known' };
  const other = pinned.find(({ type }) => type === keyType(key)) ?? pinned[0];
  if (other)
    return { is: 'changed', known: fingerprint(other.key), type: other.type, file: other.file, line: other.line };
  // As OpenSSH does: a key that is pinned for the host without a port is good on any.
  const [, plain] = /^\[(.+)\]:\d+$/.exec(name) ?? [];
  if (plain !== undefined) {
    const verdict = checkHostKey(files, plain, key);
    if (verdict.is === 'known' || verdict.is === 'revoked') return verdict;
  }
  return { is: 'unknown' };
}

/** Types of the keys that are pinned for a host. */
export function pinnedTypes(files: readonly string[], name: string): string[] {
  return [...new Set(entriesOf(files, name).flatMap(({ revoked, type }) => (revoked ? [] : [type])))];
}

/** Pins a key. One write of one line: safe beside other writers. */
export function pinHostKey(file: string, name: string, key: Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const before = readFile(file);
  const torn = before !== '' && !before.endsWith('\n') ? '\n' : '';
  appendFileSync(file, `${torn}${name} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
}

/** Lines that are about a host. Certificate authorities are left out: chp knows plain keys only. */
function entriesOf(files: readonly string[], name: string): Entry[] {
  return files.flatMap((file) =>
    readFile(file)
      .split('\n')
      .flatMap((text, index): Entry[] => {
        const [, marker, hosts = '', type = '', encoded] =
          /^(?:(@\S+)\s+)?([^\s#@]\S*)\s+(\S+)\s+(\S+)/.exec(text.trim()) ?? [];
        if (!encoded || (marker && marker !== '@revoked') || !isAbout(hosts, name)) return [];
        return [{ revoked: marker !== undefined, type, key: Buffer.from(encoded, 'base64'), file, line: index + 1 }];
      }),
  );
}

function isAbout(hosts: string, name: string): boolean {
  if (!hosts.startsWith('|1|')) return matchesList(hosts.toLowerCase().split(','), name);
  const [, , salt = '', hash = ''] = hosts.split('|');
  const computed = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  const expected = Buffer.from(hash, 'base64');
  return expected.length === computed.length && timingSafeEqual(expected, computed);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return '';
    throw new ChpError('BAD_INPUT', `${file} can't be read: ${(cause as Error).message}`, {
      why: 'It says which host keys are known.',
      next: [`Mend it, or name other files: UserKnownHostsFile in ~/.ssh/config.`],
      cause,
    });
  }
}
