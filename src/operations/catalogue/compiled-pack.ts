import type { GatedPack } from '../../adapters/catalogue/gate.ts';
import { ChpError } from '../../core/errors.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import { lintPack } from '../../packs/lint/lint.ts';
import { packFolderOf } from '../../packs/load.ts';
import { assertCompiled } from '../../packs/seal.ts';
import { lintFailure } from './pack-to-publish.ts';

/**
 * A pack that came through the gate, linted again by this chp and compiled: what a tenant may run. Hosts compare it with
 * what was signed; so it is compared here first.
 * @throws BAD_DOCUMENT with every fault, INTEGRITY
 */
export function compiledPack(pack: GatedPack): CompiledPack {
  const folder = packFolderOf(pack.files);
  const { pack: compiled, problems } = lintPack(folder);
  if (!compiled) throw lintFailure(`${pack.name}@${pack.version}`, folder, problems);
  try {
    assertCompiled(pack, Buffer.from(JSON.stringify(compiled)));
  } catch (cause) {
    throw new ChpError(
      'INTEGRITY',
      `${pack.name}@${pack.version} gives another program here than where it was signed`,
      {
        why: 'It was published by a chp that reads packs in another way.',
        next: ['Its publisher publishes a new version with a chp like this one.'],
        cause,
      },
    );
  }
  return compiled;
}
