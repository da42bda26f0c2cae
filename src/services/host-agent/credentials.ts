import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { chown, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceManager } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { credentialFile } from './manager/unit.ts';
import { run } from './run.ts';
import type { Store } from './store.ts';
import { userOf } from './users.ts';

const SECRET_FILE = /^secrets\/([A-Z][A-Z0-9_]*)\.age$/;

/** Decrypts one secret of a generation with the identity that only this host (and the Pulumi state) has. */
export async function decryptSecret(
  root: string,
  manifest: GenerationManifest,
  name: string,
  store: Store,
): Promise<string> {
  const file = manifest.files.find(({ path }) => path === `secrets/${name}.age`);
  if (!file) throw new ChpError('NOT_FOUND', `the generation has no secret ${name}`);
  return decrypt(root, manifest.tenant, await store.read(file.sha256), name);
}

/** The values of all secrets of a generation; of one that can't be decrypted nothing is known. */
export async function secretsOf(root: string, manifest: GenerationManifest, store: Store): Promise<string[]> {
  const names = manifest.files.flatMap(({ path }) => SECRET_FILE.exec(path)?.[1] ?? []);
  const values = await Promise.all(names.map((name) => decryptSecret(root, manifest, name, store).catch(() => null)));
  return values.filter((value) => value !== null);
}

/**
 * Puts every secret of the generation where the services get it: encrypted to this machine by systemd-creds, or, where
 * there is no systemd-creds in use, as 0600 files in a 0700 directory. Secrets the generation lacks are removed.
 */
export async function installCredentials(
  root: string,
  manager: ServiceManager,
  manifest: GenerationManifest,
  store: Store,
): Promise<void> {
  const layout = tenantLayout(root, manifest.tenant);
  await mkdir(layout.credentials, { recursive: true, mode: 0o700 });
  const reader = manager === 'compose' ? userOf(manifest.tenant) : null;
  const kept = new Set<string>();
  for (const file of manifest.files) {
    const name = SECRET_FILE.exec(file.path)?.[1];
    if (!name) continue;
    const target = manager === 'systemd' ? credentialFile(layout, name) : join(layout.credentials, name);
    const stamp = join(layout.credentials, `${name}.from`);
    kept.add(target).add(stamp);
    if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === file.sha256) continue;
    const value = await decrypt(root, manifest.tenant, await store.read(file.sha256), name);
    if (manager === 'systemd')
      await run('systemd-creds', ['encrypt', `--name=${name}`, '-', `${target}.new`], { input: value });
    else {
      await writeFile(`${target}.new`, value, { mode: 0o600, flush: true });
      // A container gets the file itself, and its user must be able to read it; nobody else comes into this folder.
      if (reader) await chown(`${target}.new`, reader.uid, reader.gid);
    }
    await rename(`${target}.new`, target);
    await writeFile(stamp, file.sha256, { mode: 0o600 });
  }
  for (const name of readdirSync(layout.credentials)) {
    const path = join(layout.credentials, name);
    if (!kept.has(path)) rmSync(path);
  }
}

/** Decrypts what came along with a request, encrypted to this tenant. */
export const decryptGiven = (root: string, tenant: string, armored: string, name: string): Promise<string> =>
  decrypt(root, tenant, Buffer.from(armored), name);

async function decrypt(root: string, tenant: string, ciphertext: Buffer, name: string): Promise<string> {
  try {
    // Loaded on first use: its curves cost more time than a converged push.
    const { armor, Decrypter } = await import('age-encryption');
    const decrypter = new Decrypter();
    decrypter.addIdentity(readFileSync(join(tenantLayout(root, tenant).keys, 'identity.age'), 'utf8').trim());
    return await decrypter.decrypt(armor.decode(ciphertext.toString('utf8')), 'text');
  } catch (cause) {
    throw new ChpError('INTEGRITY', `the secret ${name} can't be decrypted on this host`, {
      why: 'It is encrypted to another recipient, or its file is damaged.',
      next: [`chp secret set ${tenant} ${name}`],
      cause,
    });
  }
}
