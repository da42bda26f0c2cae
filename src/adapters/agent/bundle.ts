import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Digest, sha256 } from '../../core/digest.ts';
import type { ChpHome } from '../../core/home.ts';

/** Programs that run on a host, each one file of JavaScript for the shipped node. */
const ENTRIES = { agent: 'src/services/host-agent/main.ts', 'demo-model': 'src/services/demo-model/main.ts' } as const;
export type HostProgram = keyof typeof ENTRIES;

const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Bundles one program; the same sources give the same bytes. Used by the build, and by a checkout at run time. */
export async function bundleProgram(program: HostProgram, packageRoot: string): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: packageRoot,
    entryPoints: [ENTRIES[program]],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    write: false,
    outfile: `${program}.mjs`,
    loader: { '.ini': 'text', '.sh': 'text' },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  const [file] = outputFiles;
  if (!file) throw new Error(`esbuild wrote nothing for ${program}`);
  return file.contents;
}

/** One program as a file: the published package has it built, a checkout bundles it now. */
export async function hostProgram(
  program: HostProgram,
  home: ChpHome,
): Promise<{ path: string; digest: Digest; bytes: Uint8Array }> {
  const built = join(PACKAGE_ROOT, 'dist', 'host', `${program}.mjs`);
  if (!existsSync(join(PACKAGE_ROOT, 'src')) && existsSync(built)) {
    const bytes = await readFile(built);
    return { path: built, digest: sha256(bytes), bytes };
  }
  const bytes = await bundleProgram(program, PACKAGE_ROOT);
  const digest = sha256(bytes);
  const dir = join(home.cache, 'programs');
  const path = join(dir, `${program}-${digest}.mjs`);
  if (!existsSync(path)) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.${process.pid}.new`, bytes, { mode: 0o644 });
    await rename(`${path}.${process.pid}.new`, path);
  }
  return { path, digest, bytes };
}
