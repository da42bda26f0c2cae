import { readFileSync } from 'node:fs';
import { type Digest, sha256 } from '../../core/digest.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { decryptSecret } from './credentials.ts';
import { Store } from './store.ts';

interface Seen {
  raw?: unknown;
  valid?: unknown;
  appliedConfigHash?: string;
  configRevisionHash?: string;
}

const ASK_MS = 5_000;

/**
 * sha256 of the config that the gateway itself says it took. null when it does not answer, or does not accept the file
 * that lies there: a gateway that meets a bad file goes on with an empty config, and its health says nothing of it.
 */
export async function runningConfig(root: string, manifest: GenerationManifest): Promise<Digest | null> {
  const { port, tokenSecret } = manifest.checks.gateway;
  try {
    const token = await decryptSecret(root, manifest, tokenSecret, new Store(root));
    await using client = await GatewayClient.connect(port, token, ASK_MS);
    const seen = (await client.call('config.get', {}, ASK_MS)) as Seen;
    if (seen.valid !== true) return null;
    if (typeof seen.raw === 'string') return sha256(seen.raw);
    // openclaw keeps the text to itself, and says whether what lies there is what it runs on.
    const taken = seen.appliedConfigHash !== undefined && seen.appliedConfigHash === seen.configRevisionHash;
    return taken ? sha256(readFileSync(tenantLayout(root, manifest.tenant).config)) : null;
  } catch {
    return null;
  }
}
