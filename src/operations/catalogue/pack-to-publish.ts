import { basename, join } from 'node:path';
import type { Gate } from '../../adapters/catalogue/gate.ts';
import { signingKeys } from '../../adapters/catalogue/open.ts';
import type { CatalogueEntry } from '../../adapters/catalogue/settings.ts';
import { badDocument } from '../../core/documents/problems.ts';
import { ChpError } from '../../core/errors.ts';
import type { ChpHome } from '../../core/home.ts';
import type { CatalogueVersion, Publication } from '../../core/ports/catalogue.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import { lintPack, type PackProblem } from '../../packs/lint/lint.ts';
import { type PackFolder, readPackFolder } from '../../packs/load.ts';
import type { PackManifest } from '../../packs/manifest.ts';
import { integrityOf, sealPack } from '../../packs/seal.ts';
import { packTarball, readTarball } from '../../packs/tarball.ts';

/** A pack's folder, checked and packed, not signed yet. */
export interface PackToPublish {
  pack: CompiledPack;
  name: string;
  tarball: Buffer;
  integrity: string;
  /** Paths in the tarball. */
  files: string[];
  warnings: string[];
}

/** @throws BAD_DOCUMENT naming every problem; NOT_FOUND when there is no pack; BAD_INPUT over a cap */
export async function packFolder(dir: string, scope: string): Promise<PackToPublish> {
  const folder = await readPackFolder(dir);
  const { pack, problems } = lintPack(folder);
  if (!pack) throw lintFailure(dir, folder, problems);
  const { id, version, description, licence } = pack;
  const name = `${scope}/${id}`;
  const manifest: PackManifest = {
    name,
    version,
    description,
    license: licence,
    keywords: ['chp-pack'],
    chp: { format: 1, id, requires: pack.chp ?? null, compiled: pack.digest },
  };
  const files = [...folder.files].map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const tarball = packTarball(manifest, files);
  return {
    pack,
    name,
    tarball,
    integrity: integrityOf(tarball),
    files: [...(await readTarball(tarball)).files.keys()],
    warnings: problems.map(({ file, line, col, message }) => `${basename(dir)}/${file}:${line}:${col}: ${message}`),
  };
}

/** The same, signed with every key of this machine's for the catalogue. @throws NOT_FOUND when there is none */
export function sealedPublication(
  packed: PackToPublish,
  entry: CatalogueEntry,
  home: ChpHome,
  tag: string,
): Publication {
  const { name, pack, integrity, tarball } = packed;
  const { version, description } = pack;
  const signatures = signingKeys(entry, home).map(({ privateKey }) => sealPack(name, version, integrity, privateKey));
  return { name, version, description, tarball, integrity, signatures, tag };
}

/**
 * Whether what is published under that version holds the same files: the bytes differ between compressors.
 * @throws UNTRUSTED, INTEGRITY when what is published can't be believed
 */
export async function sameContent(
  gate: Gate,
  there: CatalogueVersion,
  { integrity, tarball }: PackToPublish,
): Promise<boolean> {
  if (there.dist.integrity === integrity) return true;
  const published = (await gate.fetch(there)).files;
  const own = (await readTarball(tarball)).files;
  // package.json is made by whoever publishes, and may say more in a later chp.
  const paths = new Set([...published.keys(), ...own.keys()].filter((path) => path !== 'package.json'));
  return [...paths].every((path) => published.get(path)?.equals(own.get(path) ?? Buffer.alloc(0)) ?? false);
}

/** @returns CONFLICT for a version that nobody may give other content */
export function alreadyPublished({ name, pack }: PackToPublish): ChpError {
  return new ChpError('CONFLICT', `${name}@${pack.version} is published already, with other content`, {
    why: 'A version never changes: whoever installed it must get the same again.',
    next: ['Raise the version in pack.yaml and publish again.'],
  });
}

/** Every error of every file, each shown in its line. */
export function lintFailure(dir: string, { files }: PackFolder, problems: readonly PackProblem[]): ChpError {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const byFile = Map.groupBy(errors, ({ file }) => file);
  const shown = [...byFile].map(([file, found]) => badDocument(join(dir, file), files.get(file) ?? '', found).message);
  return new ChpError('BAD_DOCUMENT', shown.join('\n'), {
    next: [`chp pack lint ${dir}`],
    details: { problems: errors },
  });
}
