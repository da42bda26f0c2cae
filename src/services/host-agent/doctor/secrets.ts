import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretReading } from '../../../core/host-readings.ts';
import { decryptSecret } from '../credentials.ts';
import { credentialFile } from '../manager/unit.ts';
import type { Look } from './look.ts';

const SECRET_FILE = /^secrets\/([A-Z][A-Z0-9_]*)\.age$/;
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Names and dates only: no value leaves the host. */
export async function readSecrets(look: Look): Promise<SecretReading[]> {
  const { host, layout, manifest, store } = look;
  const files = manifest.files.flatMap(({ path, sha256 }) => {
    const name = SECRET_FILE.exec(path)?.[1];
    return name ? [{ name, sha256 }] : [];
  });
  return Promise.all(
    files.map(async ({ name, sha256 }) => {
      const target = host.manager === 'systemd' ? credentialFile(layout, name) : join(layout.credentials, name);
      const stamp = join(layout.credentials, `${name}.from`);
      const installed = existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sha256;
      try {
        const value = await decryptSecret(host.root, manifest, name, store);
        return { name, fault: null, installed, certificates: certificatesIn(value) };
      } catch (error) {
        return { name, fault: (error as Error).message, installed, certificates: [] };
      }
    }),
  );
}

/** Pure. One that can't be read is left to whoever is to use it. */
export function certificatesIn(value: string): SecretReading['certificates'] {
  return [...value.matchAll(PEM)].flatMap(([pem]) => {
    try {
      const { subject, validTo } = new X509Certificate(pem);
      return [{ subject: subject.replaceAll('\n', ', '), validTo: new Date(validTo).toISOString() }];
    } catch {
      return [];
    }
  });
}
