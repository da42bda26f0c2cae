import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import type { Host } from './host.ts';
import { resolveServices, SERVICE_MARK, serviceMark } from './manager/resolve.ts';
import { environmentOf, processesOf, sendSignal } from './processes.ts';

const POLITE_MS = 5_000;
const MAX_WORDS = 2_000;
const TRIAL = 'trial';

export interface TrialOptions {
  /** Command line that runs the gateway's own, from what that is. */
  wrap(argv: readonly string[]): string[];
  /** Over those of the service. */
  env: Readonly<Record<string, string>>;
}

/** A gateway that no service manager knows of, beside the one that serves the family. */
export interface Trial {
  pid: number | null;
  /** null = it runs. */
  ended(): 'by itself' | 'killed' | null;
  /** Its last lines. */
  words(): string;
  stop(): Promise<void>;
}

export function startTrial(host: Host, manifest: GenerationManifest, { wrap, env }: TrialOptions): Trial {
  const service = resolveServices(host.root, manifest, null).find(({ name }) => name === 'gateway');
  if (!service) throw new ChpError('INTEGRITY', 'the generation has no gateway');
  const [command = '', ...args] = wrap(service.argv);
  const child = spawn(command, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      ...service.env,
      [SERVICE_MARK]: serviceMark(host.root, manifest.tenant, TRIAL),
      ...env,
    },
  });
  let words = '';
  let ended: 'by itself' | 'killed' | null = null;
  const hear = (chunk: Buffer): void => {
    words = (words + chunk.toString()).slice(-MAX_WORDS);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  child.on('error', (error) => hear(Buffer.from(error.message)));
  const gone = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      ended = code === null ? 'killed' : 'by itself';
      resolve();
    });
  });
  const end = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) sendSignal(-child.pid, signal);
  };
  return {
    pid: child.pid ?? null,
    ended: () => ended as 'by itself' | 'killed' | null,
    words: () => words.trim().split('\n').slice(-12).join('\n'),
    stop: async (): Promise<void> => {
      if (ended === null) end('SIGTERM');
      await Promise.race([gone, sleep(POLITE_MS)]);
      // What it started may live on without it.
      end('SIGKILL');
    },
  };
}

/** Ends those that were left behind: whoever started them was killed. */
export function endTrials(root: string, tenant: string): void {
  for (const pid of processesOf(root, tenant))
    if (environmentOf(pid)?.get(SERVICE_MARK) === serviceMark(root, tenant, TRIAL)) sendSignal(pid, 'SIGKILL');
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
