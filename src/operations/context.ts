import { openRegistry } from '../adapters/registry/open.ts';
import type { SshOptions } from '../adapters/ssh/connect.ts';
import { type ChpHome, chpHome } from '../core/home.ts';
import type { Progress } from '../core/ports/progress.ts';
import type { Registry } from '../core/ports/registry.ts';
import { redactor } from '../core/redact.ts';

/** What every operation works with: where things are, who asks, and how it says what it does. */
export interface Context extends AsyncDisposable {
  env: NodeJS.ProcessEnv;
  home: ChpHome;
  progress: Progress;
  /** For locks, jobs and audit. */
  actor: string;
  signal: AbortSignal;
  /** How connections are made: what may be asked depends on the terminal. */
  ssh: SshOptions;
  /** How long to wait for another run on the same tenant. */
  lockWaitMs: number;
  /** Opened on first use, closed with the context. */
  registry(): Promise<Registry>;
  redact(text: string): string;
  /** Dies here when CHP_FAILPOINT says `chp:<step>`: the fault matrix of the tests. */
  failpoint(step: string): void;
}

export interface ContextOptions {
  env: NodeJS.ProcessEnv;
  progress: Progress;
  signal: AbortSignal;
  ssh?: SshOptions;
  lockWaitMs?: number;
}

export function openContext(options: ContextOptions): Context {
  const { env } = options;
  let registry: Promise<Registry> | undefined;
  return {
    env,
    home: chpHome(env),
    progress: options.progress,
    actor: env.CHP_ACTOR ?? env.SUDO_USER ?? env.USER ?? env.LOGNAME ?? 'unknown',
    signal: options.signal,
    ssh: { ...options.ssh, env, signal: options.signal },
    lockWaitMs: options.lockWaitMs ?? 0,
    registry: () => {
      registry ??= openRegistry(env);
      return registry;
    },
    redact: (text) => redactor.text(text),
    failpoint: (step) => {
      if (env.CHP_FAILPOINT === `chp:${step}`) process.kill(process.pid, 'SIGKILL');
    },
    [Symbol.asyncDispose]: async () => {
      if (registry) await (await registry.catch(() => null))?.close();
    },
  };
}
