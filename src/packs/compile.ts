import { digestOf } from '../core/digest.ts';
import { ChpError } from '../core/errors.ts';
import { type CompiledPack, MAX_COMPILED_BYTES } from './compiled.ts';
import type { PackDocument, PackStep } from './schema.ts';

/** A pack as the worker runs it. Its document must have passed lint. @throws BAD_DOCUMENT when it is too large */
export function compilePack(document: PackDocument, files: ReadonlyMap<string, string>): CompiledPack {
  const prompts = Object.fromEntries([...files].filter(([path]) => path.startsWith('prompts/')).sort());
  const { steps, ...rest } = document;
  const pack = { ...rest, steps: steps as PackStep[], prompts };
  const bytes = compiledBytes(pack);
  if (bytes > MAX_COMPILED_BYTES)
    throw new ChpError('BAD_DOCUMENT', `pack ${document.id} is too large: ${bytes} bytes with its prompts`, {
      why: `A run carries the whole pack; at most ${MAX_COMPILED_BYTES} bytes are allowed.`,
      next: ['Shorten its prompts, or split the pack and join the parts with pack.run.'],
    });
  return { ...pack, digest: digestOf(pack) };
}

export const compiledBytes = (pack: object): number => Buffer.byteLength(JSON.stringify(pack));
