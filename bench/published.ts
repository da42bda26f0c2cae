import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecOptions, exec, ROOT } from './exec.ts';

export interface Published extends AsyncDisposable {
  /** Its CHP_HOME: empty. */
  home: string;
  /** Program and first argument, as an operator would start it. */
  program: string[];
  /** Runs it with a home of its own. */
  chp: (args: readonly string[], options?: ExecOptions) => Promise<string>;
}

const PARTS = ['bin', 'templates', 'schemas', 'workflow-packs', 'package.json', 'oclif.manifest.json'];

/** chp as npm would install it: built, without its sources. */
export async function published(): Promise<Published> {
  const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
  await exec([process.execPath, join(ROOT, 'scripts/build.ts'), join(dir, 'dist')]);
  for (const part of PARTS.filter((name) => existsSync(join(ROOT, name))))
    await cp(join(ROOT, part), join(dir, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const home = join(dir, 'home');
  const program = [process.execPath, join(dir, 'bin/run.js')];
  return {
    home,
    program,
    chp: (args, options = {}) => exec([...program, ...args], { ...options, env: { CHP_HOME: home, ...options.env } }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
