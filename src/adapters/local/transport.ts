import { type ChildProcess, spawn } from 'node:child_process';
import { ChpError } from '../../core/errors.ts';
import type { ExecOptions, ExecResult, ProcessChannel, Transport } from '../../core/ports/transport.ts';
import { asRoot } from '../sudo.ts';
import { collect } from '../transport-exec.ts';

/** Runs commands on this machine. */
export function localTransport(): Transport {
  const start = (argv: readonly string[], options: Pick<ExecOptions, 'root' | 'signal'>): ProcessChannel => {
    const [command = '', ...args] = options.root && process.getuid?.() !== 0 ? asRoot(argv) : argv;
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
      signal: options.signal,
      killSignal: 'SIGKILL',
    });
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exited: exitOf(child, command),
      kill: async () => void child.kill('SIGKILL'),
    };
  };
  return {
    target: 'this machine',
    open: async (argv, options = {}) => start(argv, options),
    exec: (argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> =>
      collect(start(argv, options), argv, 'this machine', options),
    close: async () => {},
  };
}

function exitOf(child: ChildProcess, command: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.name === 'AbortError') resolve(null);
      else if (error.code === 'ENOENT') resolve(127);
      else reject(new ChpError('HOST_UNREACHABLE', `${command} could not be run: ${error.message}`, { cause: error }));
    });
    child.once('close', (code) => resolve(code));
  });
}
