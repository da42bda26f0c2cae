import { spawn } from 'node:child_process';
import { ChpError } from '../../core/errors.ts';

export interface RunOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  deadlineMs?: number;
  allowFailure?: boolean;
}

/** Runs a program of the host. @throws AGENT_FAILED with what it said; DEADLINE (default 30 s) */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    timeout: options.deadlineMs ?? 30_000,
    killSignal: 'SIGKILL',
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new ChpError('AGENT_FAILED', `${command} could not be run: ${cause.message}`, { cause })),
    );
    child.once('close', resolve);
  });
  const said = Buffer.concat(stderr).toString().trim();
  if (code === null) throw new ChpError('DEADLINE', `${command} ${args[0] ?? ''} did not end in time`);
  if (code !== 0 && !options.allowFailure)
    throw new ChpError(
      'AGENT_FAILED',
      `${command} ${args.slice(0, 3).join(' ')} failed (${code})`,
      said ? { why: said.slice(-800) } : {},
    );
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: said };
}
