import { gunzipSync, gzipSync } from 'node:zlib';
import type { RegistryChanges } from '../core/ports/registry.ts';
import { type KeptRows, rowsOf } from './kept-rows.ts';

/** What a generation was made of: enough to make it again, and to make the registry say what it said then. */
export interface GenerationSource extends KeptRows {
  /** tenant.yaml as text. */
  document: string;
}

/** Secrets stay ciphertext in it. */
export async function sourceOf(
  registry: RegistryChanges,
  { name, document }: { name: string; document: string },
): Promise<string> {
  const source: GenerationSource = { document, ...(await rowsOf(registry, name)) };
  return gzipSync(JSON.stringify(source)).toString('base64');
}

export function readSource(packed: string): GenerationSource {
  return JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')) as GenerationSource;
}
