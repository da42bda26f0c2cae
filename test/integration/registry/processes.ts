import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Script of one chp process among many. */
export const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

export interface Ended {
  code: number | null;
  /** JSON lines of its stdout. */
  said: unknown[];
}

/** Runs a worker to its end. */
export async function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
  const child = start(env, args);
  const said: unknown[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => said.push(JSON.parse(line)));
  await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return { code: child.exitCode, said };
}

/** Runs `count` of them to their ends; they begin at the same moment. */
export function runAtOnce(count: number, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended[]> {
  const together = { ...env, CHP_TEST_BEGIN_AT: String(Date.now() + 300 + count * 150) };
  return Promise.all(Array.from({ length: count }, () => run(together, ...args)));
}

/** Starts a worker that never ends, and waits for its first line. */
export async function hanging(env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = start(env, args);
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { pid: child.pid as number, said: JSON.parse(line) as unknown, kill, [Symbol.asyncDispose]: kill };
}

function start(env: NodeJS.ProcessEnv, args: string[]): ChildProcess {
  return spawn(process.execPath, [WORKER, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
