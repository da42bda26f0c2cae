import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mergeConfig } from '../../core/config-drift.ts';
import type { Digest } from '../../core/digest.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';

/** The live config as it is to be with generation `next`: what family and agent own is kept. */
export async function candidateConfig(
  root: string,
  { digest: next, manifest }: SignedGeneration,
  previous: Digest | null,
): Promise<string> {
  const layout = tenantLayout(root, manifest.tenant);
  await mkdir(dirname(layout.config), { recursive: true });
  const desired = readFileSync(join(layout.generations, next, 'config/gateway.json'), 'utf8');
  const live = liveConfig(root, manifest.tenant);
  if (!previous || live === null) return desired;
  const base = readFileSync(join(layout.generations, previous, 'config/gateway.json'), 'utf8');
  if (live === base) return desired;
  try {
    return `${JSON.stringify(mergeConfig(JSON.parse(base), JSON.parse(live), JSON.parse(desired), manifest.ownership), null, 2)}\n`;
  } catch {
    // A live file that is not JSON holds nothing of family or agent that could be kept.
    return desired;
  }
}

/** null = there is none. */
export function liveConfig(root: string, tenant: string): string | null {
  const { config } = tenantLayout(root, tenant);
  return existsSync(config) ? readFileSync(config, 'utf8') : null;
}
