import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf, sha256 } from '../../core/digest.ts';
import type { ChpHome } from '../../core/home.ts';
import { PACKAGE_ROOT, packagePath } from '../../core/package-root.ts';
import { nodeProgram } from '../node-program.ts';

/** Programs that run on a host, each one file of JavaScript for the shipped node. */
const ENTRIES = {
  agent: 'src/services/host-agent/main.ts',
  'demo-model': 'src/services/demo-model/main.ts',
} as const;
export type HostProgram = keyof typeof ENTRIES;

export interface ProgramFile {
  path: string;
  digest: Digest;
}

/** All that a bundle is made of, and what decides which packages go in. */
const SOURCES = [
  'src/core',
  'src/packs',
  'src/services/host-agent',
  'src/services/demo-model',
  'templates/systemd',
  'templates/compose',
];
/** What npm says is really installed. */
const INSTALLED = 'node_modules/.package-lock.json';

/**
 * One program as a file, with its bytes: the published package has it built, a checkout bundles it when its sources
 * changed.
 */
export async function hostProgram(program: HostProgram, home: ChpHome): Promise<ProgramFile & { bytes: Uint8Array }> {
  const path = isPublished() ? built(program) : await bundleOnce(program, join(home.cache, 'programs'));
  const bytes = await readFile(path);
  return { path, digest: sha256(bytes), bytes };
}

/** Writes every program as `<outDir>/<program>.mjs`: part of the build. The same sources give the same bytes. */
export async function buildAgentFiles(outDir: string): Promise<{ agent: ProgramFile; demoModel: ProgramFile }> {
  const write = async (program: HostProgram): Promise<ProgramFile> => {
    const bytes = await bundleProgram(program);
    const path = join(outDir, `${program}.mjs`);
    await writeWhole(path, bytes);
    return { path, digest: sha256(bytes) };
  };
  await mkdir(outDir, { recursive: true });
  const [agent, demoModel] = await Promise.all([write('agent'), write('demo-model')]);
  return { agent, demoModel };
}

const built = (program: HostProgram): string => join(PACKAGE_ROOT, 'dist', 'host', `${program}.mjs`);
const isPublished = (): boolean => !existsSync(join(PACKAGE_ROOT, 'src')) && existsSync(built('agent'));

async function bundleOnce(program: HostProgram, dir: string): Promise<string> {
  const path = join(dir, `${program}-${await sourceDigest(SOURCES, 'src/adapters/agent/bundle.ts')}.mjs`);
  if (existsSync(path)) return path;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeWhole(path, await bundleProgram(program));
  return path;
}

async function bundleProgram(program: HostProgram): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...nodeProgram,
    entryPoints: [ENTRIES[program]],
    // It is sent to every host.
    minify: true,
    keepNames: false,
    write: false,
    outfile: `${program}.mjs`,
    loader: { '.ini': 'text', '.sh': 'text', '.yaml': 'text' },
  });
  const [file] = outputFiles;
  if (!file) throw new Error(`esbuild wrote nothing for ${program}`);
  return file.contents;
}

/** Digest of all sources below some folders, of the packages that are installed, and of `bundler`, which bundles them. */
export async function sourceDigest(sources: readonly string[], bundler: string): Promise<Digest> {
  const files = await Promise.all(
    sources.map(async (dir) => {
      const entries = await readdir(join(PACKAGE_ROOT, dir), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const installed = join(PACKAGE_ROOT, INSTALLED);
  const how = [bundler, 'src/adapters/node-program.ts'].map((path) => packagePath(path));
  const paths = [...files.flat().sort(), ...how, ...(existsSync(installed) ? [installed] : [])];
  return digestOf(await Promise.all(paths.map(async (path) => [path, sha256(await readFile(path))])));
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.${process.pid}.new`, bytes, { mode: 0o644 });
  await rename(`${path}.${process.pid}.new`, path);
}
