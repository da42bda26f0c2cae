import ssh2, { type ParsedKey } from 'ssh2';

const MAGIC = 'openssh-key-v1\0';

/** The public half of an encrypted key in OpenSSH's own form, where it is in the clear. null = another form */
export function encryptedPublicKey(pem: string): ParsedKey | null {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(pem) ?? [];
  const bytes = Buffer.from(body ?? '', 'base64');
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  let at = MAGIC.length;
  const string = (): Buffer => {
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return bytes.subarray(start, at);
  };
  try {
    for (const _field of ['cipher', 'kdf', 'kdf options']) string();
    at += 4; // number of keys, always 1
    const blob = string();
    const type = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
    const [key] = [ssh2.utils.parseKey(`${type} ${blob.toString('base64')}`)].flat();
    return key && !(key instanceof Error) ? key : null;
  } catch {
    // Cut short: as good as unreadable.
    return null;
  }
}
