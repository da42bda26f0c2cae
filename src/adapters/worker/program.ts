import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf, sha256 } from '../../core/digest.ts';
import type { ChpHome } from '../../core/home.ts';
import { PACKAGE_ROOT, packagePath } from '../../core/package-root.ts';
import { sourceDigest } from '../agent/bundle.ts';
import { nodeProgram } from '../node-program.ts';

/** The worker's own files; what it needs beside them is in templates/services/worker. */
export const WORKER_FILES = ['worker.mjs', 'workflows.js', 'failure-converter.mjs'] as const;
export type WorkerFile = (typeof WORKER_FILES)[number];

const SOURCES = ['src/core', 'src/packs', 'src/services', 'bin'];
const BUILT = join(PACKAGE_ROOT, 'dist', 'worker');
const FAILURE_CONVERTER = 'src/services/worker/failure-converter.ts';
const WORKFLOWS = 'src/services/worker/workflows';
const NO_MAP = Buffer.from('{"version":3,"sources":[],"names":[],"mappings":""}').toString('base64');

export interface WorkerProgram {
  digest: Digest;
  files: ReadonlyMap<WorkerFile, Uint8Array>;
}

/** The published package has it built, a checkout bundles it when its sources changed. */
export async function workerProgram(home: Pick<ChpHome, 'cache'>): Promise<WorkerProgram> {
  if (!existsSync(join(PACKAGE_ROOT, 'src'))) return read(BUILT);
  const dir = join(home.cache, 'programs', `worker-${await sourceDigest(SOURCES, 'src/adapters/worker/program.ts')}`);
  if (!existsSync(dir)) {
    await mkdir(join(home.cache, 'programs'), { recursive: true, mode: 0o700 });
    const work = await mkdtemp(`${dir}.`);
    try {
      await buildWorkerProgram(work);
      // Another process may have been faster with the same sources.
      await rename(work, dir).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return read(dir);
}

async function read(dir: string): Promise<WorkerProgram> {
  const files = new Map(
    await Promise.all(WORKER_FILES.map(async (name) => [name, await readFile(join(dir, name))] as const)),
  );
  return { files, digest: digestOf([...files].map(([name, bytes]) => [name, sha256(bytes)])) };
}

/** Writes the worker's files into `dir`: part of the build. The same sources give the same bytes. */
export async function buildWorkerProgram(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await Promise.all([
    bundle('bin/worker.ts', join(dir, 'worker.mjs')),
    bundle(FAILURE_CONVERTER, join(dir, 'failure-converter.mjs')),
    bundleWorkflows(join(dir, 'workflows.js')),
  ]);
}

async function bundle(entry: string, outfile: string): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    ...nodeProgram,
    entryPoints: [entry],
    outfile,
    external: ['@temporalio/*'],
  });
}

/** Bundled ahead: at start the worker would take seconds for it, and the tools for it need not be on a hub. */
async function bundleWorkflows(outfile: string): Promise<void> {
  const { build } = await import('esbuild');
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const shared = `${outfile}.shared.cjs`;
  await build({
    absWorkingDir: PACKAGE_ROOT,
    entryPoints: [`${WORKFLOWS}/shared.ts`],
    outfile: shared,
    bundle: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'node24',
    format: 'cjs',
    keepNames: true,
    logLevel: 'warning',
  });
  const { code } = await bundleWorkflowCode({
    workflowsPath: packagePath(WORKFLOWS, 'main.ts'),
    preloadModules: [packagePath(WORKFLOWS, 'sandbox-date.ts'), packagePath(WORKFLOWS, 'sandbox-stacks.ts'), shared],
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, alias: { ...config.resolve?.alias, './shared.ts$': shared } },
    }),
    failureConverterPath: packagePath(FAILURE_CONVERTER),
    logger: new DefaultLogger('WARN'),
  });
  await rm(shared);
  await writeFile(outfile, await slimWorkflows(code));
}

/** Every workflow thread keeps it in memory. Without its map, which holds paths of this machine. */
export async function slimWorkflows(code: string): Promise<string> {
  const { transform } = await import('esbuild');
  const small = await transform(code, { minify: true, keepNames: true, legalComments: 'none', target: 'node24' });
  return `${small.code}//# sourceMappingURL=data:application/json;charset=utf-8;base64,${NO_MAP}\n`;
}
