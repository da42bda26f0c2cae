import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { packagePath } from '../../core/package-root.ts';
import { bad, frontmatter } from './frontmatter.ts';

const BUILTIN = packagePath('templates', 'skills');
const MAX_FILES = 200;
const MAX_BYTES = 1024 * 1024;

export interface ResolvedSkill {
  name: string;
  description: string;
  /** Sorted by path. */
  files: { path: string; mode: 0o644 | 0o755; bytes: Buffer }[];
}

/**
 * Reads and checks a skill folder: SKILL.md with single-line frontmatter (the gateway's own parser takes no other),
 * its name, plain files only, within bounds.
 * @throws NOT_FOUND, BAD_INPUT
 */
export async function resolveSkill(
  { name, source }: { name: string; source: string },
  baseDir: string,
): Promise<ResolvedSkill> {
  const dir = await folderOf(source, baseDir);
  const files = readFolder(dir);
  const manual = files.find((file) => file.path === 'SKILL.md');
  if (!manual) throw bad(source, 'it has no SKILL.md');
  const fields = frontmatter(manual.bytes.toString('utf8'), source);
  if (fields.name !== name) throw bad(source, `its SKILL.md is named "${fields.name ?? ''}", not "${name}"`);
  if (!fields.description) throw bad(source, 'its SKILL.md has no description');
  return { name, description: fields.description, files };
}

/** Name and source of a skill given as a folder or `builtin:<name>`. @throws NOT_FOUND, BAD_INPUT */
export async function identifySkill(source: string, baseDir: string): Promise<{ name: string; source: string }> {
  const dir = await folderOf(source, baseDir);
  const { name } = frontmatter(await readManual(dir, source), source);
  if (!name || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) throw bad(source, 'its name must be of a-z, 0-9 and "-"');
  return { name, source: source.startsWith('builtin:') ? source : dir };
}

/** What is no plain file is refused before it is opened: a pipe would never end. */
async function readManual(dir: string, source: string): Promise<string> {
  const file = join(dir, 'SKILL.md');
  const stat = await lstat(file).catch(() => null);
  if (!stat) throw bad(source, 'it has no SKILL.md');
  if (!stat.isFile() || stat.size > MAX_BYTES) throw bad(source, 'its SKILL.md is no plain file, or too large');
  return readFile(file, 'utf8');
}

/** Skills that come with chp. */
export async function builtinSkills(): Promise<string[]> {
  return (await readdir(BUILTIN)).sort();
}

async function folderOf(source: string, baseDir: string): Promise<string> {
  const builtin = source.startsWith('builtin:');
  const dir = builtin
    ? join(BUILTIN, source.slice('builtin:'.length))
    : isAbsolute(source)
      ? source
      : resolve(baseDir, source);
  if (builtin && !/^builtin:[a-z0-9][a-z0-9-]*$/.test(source)) throw bad(source, 'there is no such builtin skill');
  if (
    await lstat(dir).then(
      (stat) => stat.isDirectory(),
      () => false,
    )
  )
    return dir;
  throw new ChpError('NOT_FOUND', `there is no skill at ${source}`, {
    next: builtin
      ? [`Builtin skills: ${(await builtinSkills()).join(', ')}`]
      : ['Give the folder that holds its SKILL.md.'],
  });
}

/** What is hidden (.git, .env, .DS_Store) is the author's, and stays with the author. */
function filesBelow(dir: string): Dirent[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(dir, entry.name)) : [entry]));
}

/** Many small files: one trip to a thread for each takes longer than to read them here. */
function readFolder(dir: string): ResolvedSkill['files'] {
  const entries = filesBelow(dir);
  if (entries.length > MAX_FILES) throw bad(dir, `it has more than ${MAX_FILES} files`);
  let total = 0;
  const files: ResolvedSkill['files'] = [];
  for (const entry of entries) {
    const full = join(entry.parentPath, entry.name);
    const path = posix.normalize(relative(dir, full).split(sep).join('/'));
    if (/\p{Cc}|\\/u.test(path)) throw bad(dir, `it has a file with an unusable name: ${JSON.stringify(path)}`);
    const stat = lstatSync(full);
    if (!stat.isFile()) throw bad(dir, `${path} is a link or a special file`);
    total += stat.size;
    if (total > MAX_BYTES) throw bad(dir, `it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
    files.push({ path, mode: stat.mode & 0o100 ? 0o755 : 0o644, bytes: readFileSync(full) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
