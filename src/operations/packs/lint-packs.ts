import { excerpt } from '../../core/documents/problems.ts';
import { ChpError } from '../../core/errors.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import { lintPack, type PackProblem } from '../../packs/lint/lint.ts';
import { type PackFolder, readPackFolder } from '../../packs/load.ts';
import type { PackDocument } from '../../packs/schema.ts';
import { validatePack } from '../../packs/validate.ts';

/** One folder that was looked at. */
export interface LintedFolder {
  dir: string;
  /** null when pack.yaml could not be read so far. */
  id: string | null;
  version: string | null;
  problems: PackProblem[];
}

/**
 * Looks at packs together: those given may start each other.
 * @throws BAD_DOCUMENT with every problem of every pack, when one has an error; NOT_FOUND
 */
export async function lintPacks(dirs: readonly string[]): Promise<LintedFolder[]> {
  const folders = await Promise.all(dirs.map(async (dir) => ({ dir, folder: await readPackFolder(dir) })));
  const documents = folders.flatMap(({ folder }) => documentOf(folder) ?? []);
  const results = folders.map(({ dir, folder }) => ({ dir, folder, ...lintPack(folder, documents) }));
  const packs = results.map(({ dir, document, problems }): LintedFolder => {
    const { id = null, version = null } = document ?? {};
    return { dir, id, version, problems };
  });
  const errors = packs.flatMap(({ problems }) => problems).filter(({ severity }) => severity === 'error').length;
  if (errors === 0) return packs;
  const shown = results.flatMap(({ dir, folder, problems, complete }) => [
    ...problems.map((problem) => shownProblem(dir, folder, problem)),
    ...(complete ? [] : [`${dir}: mend these first; the rules have not been looked at yet`]),
  ]);
  throw new ChpError(
    'BAD_DOCUMENT',
    `${errors === 1 ? 'an error' : `${errors} errors`} in ${named(dirs)}\n${shown.join('\n')}`,
    {
      next: ['Every key is described in docs/pack-yaml.md, every verb in docs/verbs.md.'],
      details: { packs },
    },
  );
}

/** A pack that has passed lint, compiled, with its files. @throws BAD_DOCUMENT, NOT_FOUND */
export async function readSoundPack(dir: string): Promise<{ pack: CompiledPack; files: PackFolder['files'] }> {
  await lintPacks([dir]);
  const folder = await readPackFolder(dir);
  const { pack } = lintPack(folder);
  if (!pack) throw new ChpError('BAD_DOCUMENT', `${dir} changed while it was read`);
  return { pack, files: folder.files };
}

/** `file:line:col: message`, with the line it is about. */
export function shownProblem(dir: string, { files }: PackFolder, problem: PackProblem): string {
  const message = `${problem.severity === 'warning' ? 'warning: ' : ''}${problem.message} [${problem.rule}]`;
  const file = dir === '.' ? problem.file : `${dir.replace(/\/$/, '')}/${problem.file}`;
  return excerpt(file, files.get(problem.file) ?? '', { ...problem, message });
}

const documentOf = ({ files }: PackFolder): PackDocument | null => validatePack(files.get('pack.yaml') ?? '').document;
const named = (dirs: readonly string[]): string => (dirs.length === 1 ? (dirs[0] as string) : `${dirs.length} packs`);
