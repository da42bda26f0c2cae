import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { type AuditSigner, auditKeyId } from '../../core/audit.ts';
import { ChpError } from '../../core/errors.ts';
import { chpHome } from '../../core/home.ts';
import type { AuditHead } from '../../core/ports/registry.ts';
import { readOrCreate, readPrivate, writePrivate } from './private-files.ts';

export type AuditWitness = Pick<AuditHead, 'seq' | 'hash'>;

/** This machine's audit key, `keys/audit.pem`, made on first use. @throws ChpError INTEGRITY where the file is no Ed25519 key. */
export function auditSigner(env: NodeJS.ProcessEnv = process.env): AuditSigner {
  const path = join(chpHome(env).keys, 'audit.pem');
  const privateKeyPem = readOrCreate(path, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  try {
    const publicKey = createPublicKey(privateKeyPem);
    if (publicKey.asymmetricKeyType !== 'ed25519') throw new Error(`it holds a ${publicKey.asymmetricKeyType} key`);
    const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    return { keyId: auditKeyId(publicKeyPem), privateKeyPem, publicKeyPem };
  } catch (cause) {
    throw new ChpError('INTEGRITY', `${path} is not an Ed25519 private key`, {
      next: [
        'Put it back from a backup.',
        `Or move it away: a new key is made, and old entries stay verifiable with the old public key.`,
      ],
      cause,
    });
  }
}

/** The last head that this machine wrote to the registry at `location`; undefined before the first. */
export function readAuditWitness(location: string, env: NodeJS.ProcessEnv = process.env): AuditWitness | undefined {
  try {
    return readWitnesses(env)[location];
  } catch (cause) {
    throw new ChpError('INTEGRITY', `${witnessPath(env)} can't be read`, {
      next: ['Remove it: the next entry makes it anew.'],
      cause,
    });
  }
}

/** Two writers at once may leave the older head: it is a true one, too. */
export function writeAuditWitness(
  location: string,
  { seq, hash }: AuditWitness,
  env: NodeJS.ProcessEnv = process.env,
): void {
  let others: Record<string, AuditWitness> = {};
  try {
    others = readWitnesses(env);
  } catch {}
  writePrivate(witnessPath(env), `${JSON.stringify({ ...others, [location]: { seq, hash } }, null, 1)}\n`);
}

const witnessPath = (env: NodeJS.ProcessEnv): string => join(chpHome(env).keys, 'audit-witness.json');

function readWitnesses(env: NodeJS.ProcessEnv): Record<string, AuditWitness> {
  return JSON.parse(readPrivate(witnessPath(env)) ?? '{}') as Record<string, AuditWitness>;
}
