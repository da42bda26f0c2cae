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
const CREATED_AT_ONCE = 2;

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

export interface FleetOptions {
  hosts?: number;
  /** Default 1; tenant `t1` on the first host, `t2` on the second… and round again. */
  tenantsPerHost?: number;
  /** CHP_CACHE: where the runtime comes from. */
  cache?: string;
  /** `none`: a model that nobody asks. */
  model?: 'demo' | 'none';
}

/** Boots hosts and creates their tenants with the command line, as an operator would. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { hosts: count = 1, tenantsPerHost = 1, cache = TEST_CACHE, model = 'demo' } = options;
  const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
  const hosts = await startHosts(count);
  const skill = join(dir, 'many');
  await mkdir(skill);
  await writeFile(join(skill, 'SKILL.md'), '---\nname: many\ndescription: Many files.\n---\nUse them.\n');
  for (let at = 1; at < FILES; at++) await writeFile(join(skill, `file-${at}.txt`), `${at}\n`.repeat(300));
  const env = {
    CHP_HOME: join(dir, 'home'),
    CHP_CACHE: cache,
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
  const tenants = Array.from({ length: count * tenantsPerHost }, (_, index) => `t${index + 1}`);
  const stop = async () => {
    await context[Symbol.asyncDispose]();
    await hosts[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  };
  let changes = 0;
  try {
    const left = tenants.entries();
    const lane = async (): Promise<void> => {
      for (const [index, tenant] of left) {
        const file = join(dir, `${tenant}.yaml`);
        const { alias = '' } = hosts.hosts[index % count] ?? {};
        // The gateway takes a few ports from this one on.
        const port = 18_789 + 10 * Math.floor(index / count);
        await writeFile(file, documentOf({ tenant, host: alias, skill, port, model }));
        await chp(['tenant', 'create', '-f', file, '--accept-new', '--json'], { env });
      }
    };
    await Promise.all(Array.from({ length: CREATED_AT_ONCE }, lane));
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

export function documentOf(of: {
  tenant: string;
  host: string;
  skill: string;
  port: number;
  model?: 'demo' | 'none';
}): string {
  const nobody = '{ provider: openai-compatible, baseUrl: "http://127.0.0.1:1/v1", id: none }';
  return [
    'schema: 1',
    `name: ${of.tenant}`,
    'topology: hub',
    `host: ${of.host}`,
    `gateway: { port: ${of.port} }`,
    `model: ${of.model === 'none' ? nobody : '{ provider: demo }'}`,
    'skills:',
    '  - name: many',
    `    source: ${JSON.stringify(of.skill)}`,
    '',
  ].join('\n');
}
