import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GenerationManifest } from '../../core/generation.ts';
import { hostLayout } from '../../core/host-layout.ts';

/** Version of the gateway package that is really in the tree it runs from. */
export function installedVersion(root: string, manifest: GenerationManifest): string {
  const path = join(
    hostLayout(root).trees,
    manifest.runtime.app,
    'node_modules',
    manifest.runtime.name,
    'package.json',
  );
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
