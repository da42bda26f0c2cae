import { compilePack } from '../../../src/packs/compile.ts';
import type { CompiledPack } from '../../../src/packs/compiled.ts';
import type { PackDocument } from '../../../src/packs/schema.ts';

/** A pack of the tests, compiled. */
export function pack(steps: PackDocument['steps'], more: Partial<PackDocument> = {}): CompiledPack {
  const document: PackDocument = {
    schema: 1,
    id: 'brief',
    version: '1.0.0',
    description: 'A pack of the tests.',
    authors: ['chp'],
    licence: 'Apache-2.0',
    triggers: [{ manual: true }],
    ...more,
    steps,
  };
  return compilePack(document, new Map());
}

export const tell = (text: string, to = 'ana') => ({ uses: 'notify', with: { to, text } });
