import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecOptions, exec, ROOT } from './exec.ts';

export interface Published extends AsyncDisposable {
  /** Its CHP_HOME: empty. */
  home: string;
  /** As an operator would start it, with a home of its own. */
  chp: (args: readonly string[], options?: ExecOptions) => Promise<string>;
}

const PARTS = ['bin', 'dist', 'templates', 'package.json', 'oclif.manifest.json'];

/** chp as npm would install it: built, without its sources. */
export async function published(): Promise<Published> {
  await exec([process.execPath, join(ROOT, 'scripts/build.ts')]);
  const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(dir, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const home = join(dir, 'home');
  const env = { CHP_HOME: home };
  return {
    home,
    chp: (args, options = {}) =>
      exec([process.execPath, join(dir, 'bin/run.js'), ...args], { ...options, env: { ...env, ...options.env } }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
