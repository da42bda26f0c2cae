import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { statePassphrase } from '../../adapters/keys/passphrase.ts';
import type { ChpHome } from '../../core/home.ts';
import { packagePath } from '../../core/package-root.ts';
import { redactor } from '../../core/redact.ts';

export interface StackOptions {
  home: ChpHome;
  env: NodeJS.ProcessEnv;
  /** The Pulumi binary. */
  engine: string;
  signal: AbortSignal;
}

const PROJECT = 'chp';
const PROVIDER_DIR = packagePath('bin');

/**
 * The stack of one tenant: an inline program, with our engine, our provider on PATH, and state in $CHP_HOME (encrypted
 * by passphrase) or wherever CHP_PULUMI_BACKEND_URL says.
 */
export async function openStack(
  tenant: string,
  program: () => Promise<Record<string, unknown>>,
  options: StackOptions,
): Promise<Stack> {
  const { LocalWorkspace, PulumiCommand } = await import('@pulumi/pulumi/automation/index.js');
  const { home, env } = options;
  const backend = env.CHP_PULUMI_BACKEND_URL ?? `file://${home.pulumiState}`;
  await mkdir(home.pulumiState, { recursive: true, mode: 0o700 });
  const passphrase = statePassphrase(env);
  redactor.add(passphrase);
  const path = [PROVIDER_DIR, dirname(options.engine), env.PATH ?? ''].join(delimiter);
  // The engine looks for plugins on the PATH of the process that starts it.
  process.env.PATH = path;
  return LocalWorkspace.createOrSelectStack(
    { projectName: PROJECT, stackName: tenant, program },
    {
      pulumiCommand: await PulumiCommand.get({ root: dirname(dirname(options.engine)), skipVersionCheck: true }),
      pulumiHome: join(home.cache, 'pulumi'),
      projectSettings: { name: PROJECT, runtime: 'nodejs', backend: { url: backend } },
      envVars: {
        PULUMI_CONFIG_PASSPHRASE: passphrase,
        PULUMI_SKIP_UPDATE_CHECK: 'true',
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
        PATH: path,
        CHP_NODE: process.execPath,
        CHP_HOME: home.dir,
      },
    },
  );
}
