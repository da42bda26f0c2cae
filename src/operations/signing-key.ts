import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { ChpHome } from '../core/home.ts';

/**
 * The tenant's private signing key, kept beside the operator's other keys (0600) so that a push need not open the
 * Pulumi state. It is a copy: the state stays the source, and losing the file only costs one look there.
 */
export class SigningKeys {
  readonly #dir: string;

  constructor(home: ChpHome) {
    this.#dir = join(home.keys, 'tenants');
  }

  async read(tenant: string): Promise<string | null> {
    return readFile(this.#file(tenant), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }

  async write(tenant: string, pem: string): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#file(tenant), pem, { mode: 0o600 });
  }

  async remove(tenant: string): Promise<void> {
    await rm(this.#file(tenant), { force: true });
  }

  #file(tenant: string): string {
    return join(this.#dir, `${tenant}.signing.pem`);
  }
}
