import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPrivate, writePrivate } from '../adapters/keys/private-files.ts';
import type { ChpHome } from '../core/home.ts';

/**
 * The tenant's private signing key, kept beside the operator's other keys (0600) so that a push need not open the
 * Pulumi state. It is a copy: the state stays the source, and losing the file only costs one look there.
 */
export const signingKeys = {
  read: (home: ChpHome, tenant: string): string | undefined => readPrivate(file(home, tenant)),
  write: (home: ChpHome, tenant: string, pem: string): void => writePrivate(file(home, tenant), pem),
  remove: (home: ChpHome, tenant: string): void => rmSync(file(home, tenant), { force: true }),
};

const file = (home: ChpHome, tenant: string): string => join(home.keys, 'tenants', `${tenant}.signing.pem`);
