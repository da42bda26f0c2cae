import type { Digest } from '../core/digest.ts';
import type { PackDocument, PackStep } from './schema.ts';

/**
 * A pack that passed every check, as plain JSON: what the worker runs. It is handed to a run as its input, so a running
 * workflow keeps the pack it began with. At most `MAX_COMPILED_BYTES` (Temporal warns at 256 KiB).
 */
export interface CompiledPack extends Omit<PackDocument, 'steps'> {
  steps: PackStep[];
  /** Files of `prompts/`, by path (`prompts/brief.md`): what `{file: …}` in a step refers to. */
  prompts: Record<string, string>;
  /** sha256 of the canonical JSON of all other fields. */
  digest: Digest;
}

export const MAX_COMPILED_BYTES = 200 * 1024;
