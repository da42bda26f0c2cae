import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ChpHome } from '../../core/home.ts';
import { PACKAGE_ROOT, packagePath } from '../../core/package-root.ts';
import { sourceDigest } from '../agent/bundle.ts';
import { slimWorkflows } from './program.ts';

const BUILT = join(PACKAGE_ROOT, 'dist', 'ops', 'workflows.js');
const SOURCES = ['src/core/rollout', 'src/services/ops'];

/** Path of the bundled ops workflows: the published package has it built, a checkout bundles it when its sources changed. */
export async function opsWorkflows(home: Pick<ChpHome, 'cache'>): Promise<string> {
  if (!existsSync(join(PACKAGE_ROOT, 'src'))) return BUILT;
  const digest = await sourceDigest(SOURCES, 'src/adapters/worker/ops-workflows.ts');
  const path = join(home.cache, 'programs', `ops-${digest}.js`);
  if (!existsSync(path)) {
    const staged = `${path}.${process.pid}.new`;
    await buildOpsWorkflows(staged);
    await rename(staged, path);
  }
  return path;
}

/** Part of the build, too. */
export async function buildOpsWorkflows(path: string): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: packagePath('src/services/ops', 'workflow.ts'),
    logger: new DefaultLogger('WARN'),
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, await slimWorkflows(code));
}
