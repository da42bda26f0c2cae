import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Context, openContext } from '../src/operations/context.ts';
import { startHosts, type TestHosts } from '../test/hosts/hosts.ts';
import { recordedProgress } from '../test/support/progress.ts';
import { TEST_CACHE } from '../test/support/runtime-bundle.ts';
import { chp, onPath } from './exec.ts';

/** Files of the skill that is pushed: with its SKILL.md, 91. */
const FILES = 91;

/** Real hosts over SSH, each with a tenant `t1`, `t2`… that has a skill of 91 files. */
export interface Fleet extends AsyncDisposable {
  hosts: TestHosts;
  tenants: string[];
  /** The skill's folder. */
  skill: string;
  dir: string;
  env: Record<string, string>;
  context: Context;
  /** `ssh` as chp's rivals would call it. */
  ssh: string[];
  /** Changes one file of the skill. */
  touch(): Promise<void>;
}

export async function lacksHosts(): Promise<string | null> {
  if (!onPath('docker') && process.getuid?.() !== 0) return 'test hosts need Docker, or root to install it';
  for (const program of ['ssh', 'rsync']) if (!onPath(program)) return `${program} is not installed`;
  return null;
}

/** Boots hosts and creates their tenants with the command line, as an operator would. */
export async function startFleet(count: number): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
  const hosts = await startHosts(count);
  const skill = join(dir, 'many');
  await mkdir(skill);
  await writeFile(join(skill, 'SKILL.md'), '---\nname: many\ndescription: Many files.\n---\nUse them.\n');
  for (let at = 1; at < FILES; at++) await writeFile(join(skill, `file-${at}.txt`), `${at}\n`.repeat(300));
  const env = {
    CHP_HOME: join(dir, 'home'),
    CHP_CACHE: TEST_CACHE,
    CHP_SSH_CONFIG: hosts.sshConfig,
    CHP_ACTOR: 'bench',
  };
  const context = openContext({
    env: { ...process.env, ...env },
    progress: recordedProgress(),
    signal: new AbortController().signal,
    lockWaitMs: 60_000,
    ssh: { acceptNew: true },
  });
  const tenants = hosts.hosts.map((_, index) => `t${index + 1}`);
  const stop = async () => {
    await context[Symbol.asyncDispose]();
    await hosts[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  };
  let changes = 0;
  try {
    for (const [index, tenant] of tenants.entries()) {
      const file = join(dir, `${tenant}.yaml`);
      await writeFile(file, documentOf(tenant, hosts.hosts[index]?.alias ?? '', skill));
      await chp(['tenant', 'create', '-f', file, '--accept-new', '--json'], { env });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    hosts,
    tenants,
    skill,
    dir,
    env,
    context,
    ssh: ['ssh', '-F', hosts.sshConfig, '-o', 'StrictHostKeyChecking=accept-new', '-o', 'ControlMaster=no'],
    touch: () => writeFile(join(skill, 'file-1.txt'), `changed ${++changes}\n`),
    [Symbol.asyncDispose]: stop,
  };
}

export function documentOf(tenant: string, host: string, skill: string): string {
  return [
    'schema: 1',
    `name: ${tenant}`,
    'topology: hub',
    `host: ${host}`,
    'model: { provider: demo }',
    'skills:',
    '  - name: many',
    `    source: ${JSON.stringify(skill)}`,
    '',
  ].join('\n');
}
