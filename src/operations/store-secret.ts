import { encryptTo } from '../adapters/secrets/age.ts';
import type { Registry } from '../core/ports/registry.ts';

/** Encrypts a secret to the tenant's recipient and records it: only the tenant's host can read it. */
export async function storeSecret(
  registry: Registry,
  tenant: string,
  recipient: string,
  name: string,
  value: string,
): Promise<void> {
  await registry.setSecret({ tenant, name, ciphertext: await encryptTo(recipient, value), recipient });
}
