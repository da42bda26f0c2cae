import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ChpError } from '../../core/errors.ts';

export interface EngineCall {
  /** The binary. */
  path: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  onOutput?: ((text: string) => void) | undefined;
  onError?: ((text: string) => void) | undefined;
}

/** The engine ended with an error; its message is all that it printed. */
export class EngineExit extends Error {
  override readonly name = 'EngineExit';
}

/** Commands that work on hosts; the others only on the state. */
const LONG = new Set(['up', 'preview', 'refresh', 'destroy', 'import']);
const LONG_MS = 60 * 60_000;
const SHORT_MS = 2 * 60_000;
/** After the first interrupt the engine lets what runs come to its end, after the second it saves its state and goes. */
const GRACE_MS = 15_000;
const LAST_MS = 5_000;

/**
 * Runs the engine once.
 * @throws EngineExit; DEADLINE; INTERRUPTED when `signal` aborts, once the engine has ended
 */
export async function runEngine(call: EngineCall): Promise<{ stdout: string; stderr: string; code: number }> {
  call.signal.throwIfAborted();
  const limitMs = LONG.has(call.args[0] ?? '') ? LONG_MS : SHORT_MS;
  const late = AbortSignal.timeout(limitMs);
  // A group of its own: Ctrl-C at the terminal reaches the engine once, through us.
  const child = spawn(call.path, call.args, { cwd: call.cwd, env: call.env, stdio: 'pipe', detached: true });
  child.stdin.end();
  const stopped = AbortSignal.any([call.signal, late]);
  const timers: NodeJS.Timeout[] = [];
  const stop = () => {
    child.kill('SIGINT');
    timers.push(setTimeout(() => child.kill('SIGINT'), GRACE_MS));
    timers.push(setTimeout(() => child.kill('SIGKILL'), GRACE_MS + LAST_MS));
  };
  stopped.addEventListener('abort', stop, { once: true });
  try {
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [stdout, stderr, code] = await Promise.all([
      gather(child.stdout, call.onOutput),
      gather(child.stderr, call.onError),
      exited,
    ]);
    if (code === 0) return { stdout, stderr, code };
    if (call.signal.aborted)
      throw new ChpError('INTERRUPTED', 'stopped while Pulumi worked', {
        next: ['Run the same command again: it goes on from where it stopped.'],
      });
    if (late.aborted)
      throw new ChpError('DEADLINE', `pulumi ${call.args[0]} did not end within ${limitMs / 60_000} min`, {
        next: ['Look at the load of the host, then run the same command again.'],
      });
    throw new EngineExit(`${stdout}\n${stderr}${code === null ? `\nerror: the engine was killed` : ''}`);
  } finally {
    stopped.removeEventListener('abort', stop);
    for (const timer of timers) clearTimeout(timer);
  }
}

async function gather(stream: Readable, tell: ((text: string) => void) | undefined): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    text += chunk;
    tell?.(chunk);
  }
  return text;
}
