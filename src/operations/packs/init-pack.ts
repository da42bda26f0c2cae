import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { ChpError } from '../../core/errors.ts';
import { packagePath } from '../../core/package-root.ts';
import { fixturesOf } from '../../packs/fixture-file.ts';
import { runFixture } from '../../packs/fixture-run.ts';
import { lintPack } from '../../packs/lint/lint.ts';
import { readPackFolder } from '../../packs/load.ts';
import { PACK_ID_PATTERN } from '../../packs/schema.ts';

export interface NewPack {
  dir: string;
  id: string;
  description: string;
  /** `Name <address>` */
  author: string;
}

export interface InitedPack {
  dir: string;
  id: string;
  version: string;
  files: string[];
  /** They were played, and passed. */
  fixtures: string[];
}

const TEMPLATE = packagePath('templates', 'packs', 'starter');
const MANIFEST = 'pack.yaml';

/** An id for the folder’s name: `My Pack` is `my-pack`. Empty when nothing of it can be in one. */
export const idOfFolder = (dir: string): string =>
  basename(resolve(dir))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);

/**
 * Writes a pack that works, and proves it: it passes lint, and its fixtures are played.
 * Nothing that is there is overwritten; pack.yaml comes last, so that a folder with one is whole.
 * @throws CONFLICT, BAD_INPUT
 */
export async function initPack({ dir, id, description, author }: NewPack): Promise<InitedPack> {
  if (!new RegExp(PACK_ID_PATTERN).test(id))
    throw new ChpError('BAD_INPUT', `"${id}" can’t be the id of a pack`, {
      why: 'An id is 1-63 of a-z, 0-9 and "-", and begins with a letter or digit.',
      next: idOfFolder(id) ? [`Try "${idOfFolder(id)}".`] : [],
    });
  for (const [what, value, least, most] of [
    ['description', description, 10, 300],
    ['author', author, 1, 120],
  ] as const)
    if (value.length < least || value.length > most)
      throw new ChpError('BAD_INPUT', `the ${what} must have ${least} to ${most} characters`);
  const paths = globSync('**/*.{yaml,md}', { cwd: TEMPLATE }).sort(
    (a, b) => Number(a === MANIFEST) - Number(b === MANIFEST) || (a < b ? -1 : 1),
  );
  const there = paths.find((path) => existsSync(join(dir, path)));
  if (there !== undefined)
    throw new ChpError('CONFLICT', `${join(dir, there)} is there already`, {
      next: ['Begin the pack in another folder.'],
    });
  for (const path of paths) {
    const text = await readFile(join(TEMPLATE, path), 'utf8');
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), personal(path, text, { id, description, author }), { flag: 'wx' });
  }
  return { dir, id, ...(await proved(dir)), files: paths.sort() };
}

/** The starter is a pack itself; what is of its new author is put in its place. */
function personal(path: string, text: string, { id, description, author }: Omit<NewPack, 'dir'>): string {
  if (path === 'README.md')
    return `# ${id}\n\n${description}\n${text.slice(text.indexOf('\n\n', text.indexOf('\n\n') + 2) + 1)}`;
  if (path !== MANIFEST) return text;
  const yaml = parseDocument(text);
  yaml.set('id', id);
  yaml.set('description', description);
  yaml.setIn(['authors', 0], author);
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: false });
}

async function proved(dir: string): Promise<{ version: string; fixtures: string[] }> {
  const folder = await readPackFolder(dir);
  const { pack, problems } = lintPack(folder);
  if (!pack) throw new ChpError('INTERNAL', `the new pack is not valid: ${problems[0]?.message}`);
  const fixtures = fixturesOf(folder.files);
  for (const [name, fixture] of fixtures) {
    const [problem] = (await runFixture(pack, fixture)).problems;
    if (problem) throw new ChpError('INTERNAL', `fixture ${name} of the new pack fails: ${problem}`);
  }
  return { version: pack.version, fixtures: [...fixtures.keys()] };
}
