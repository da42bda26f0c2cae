import { ChpError } from '../../core/errors.ts';
import { checkHostKey, fingerprint, keyType, pinHostKey, pinnedTypes } from './known-hosts.ts';

/** What may be done about a key that is not known yet. */
export interface HostKeyConsent {
  /** Pin it without asking. */
  acceptNew?: boolean;
  /** Asked on a terminal; absent in pipelines. */
  confirmHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
}

/** Key algorithms, most wanted first. An RSA key signs under newer names than its own. */
const ALGORITHMS: readonly (readonly [type: string, algorithms: readonly string[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

/** Algorithms to ask a host for: those of its pinned keys come first, or it would show a key that nobody knows. */
export function hostKeyAlgorithms(files: readonly string[], name: string): string[] {
  const pinned = pinnedTypes(files, name);
  const known = ALGORITHMS.filter(([type]) => pinned.includes(type));
  const others = ALGORITHMS.filter(([type]) => !pinned.includes(type));
  return [...known, ...others].flatMap(([, algorithms]) => algorithms);
}

/**
 * Returns when the key is the pinned one, or was pinned now with the operator's consent.
 * @param files where it may be pinned @param pins where chp pins
 * @throws ChpError HOST_KEY_UNKNOWN, HOST_KEY_CHANGED
 */
export async function assertHostKey(
  key: Buffer,
  name: string,
  files: readonly string[],
  pins: string,
  consent: HostKeyConsent,
): Promise<void> {
  const verdict = checkHostKey([...files, pins], name, key);
  const shown = `${keyType(key)} ${fingerprint(key)}`;
  const compare = `Compare it with the one on the machine itself: ssh-keygen -lf /etc/ssh/ssh_host_${familyOf(key)}_key.pub`;
  switch (verdict.is) {
    case 'known':
      return;
    case 'revoked':
      throw new ChpError('HOST_KEY_CHANGED', `${name} shows a host key that is marked as revoked: ${shown}`, {
        why: `${verdict.file}:${verdict.line} revokes it: it may be in the wrong hands.`,
        next: [compare],
        details: { shown: fingerprint(key), file: verdict.file, line: verdict.line },
      });
    case 'changed':
      throw new ChpError('HOST_KEY_CHANGED', `${name} shows another host key than the one that is pinned`, {
        why: `It shows ${shown}; pinned is ${verdict.type} ${verdict.known} (${verdict.file}:${verdict.line}). The machine was set up anew, or somebody listens in.`,
        next: [compare, `If it was set up anew: ssh-keygen -R '${name}' -f '${verdict.file}'`],
        details: { shown: fingerprint(key), pinned: verdict.known, file: verdict.file, line: verdict.line },
      });
    case 'unknown':
      if (consent.acceptNew || (await consent.confirmHostKey?.(name, shown))) {
        pinHostKey(pins, name, key);
        return;
      }
      throw new ChpError('HOST_KEY_UNKNOWN', `${name} is not known yet: its host key is ${shown}`, {
        next: [compare, 'Then run the same command with --accept-new.'],
        details: { fingerprint: fingerprint(key) },
      });
  }
}

/** As in the names of sshd's key files. */
function familyOf(key: Buffer): string {
  const type = keyType(key);
  return type.startsWith('ecdsa') ? 'ecdsa' : type.replace(/^ssh-/, '');
}
