import { spawn } from 'node:child_process';
import { collect } from '../../src/adapters/transport-exec.ts';
import type { ProcessChannel, Transport } from '../../src/core/ports/transport.ts';

/** Commands as root on a test host, past ssh. */
export function dockerTransport(id: string): Transport {
  const start = (argv: readonly string[]): ProcessChannel => {
    const child = spawn('docker', ['exec', '-i', id, ...argv], { stdio: ['pipe', 'pipe', 'pipe'] });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exited,
      kill: async () => void child.kill('SIGKILL'),
    };
  };
  return {
    target: `container ${id.slice(0, 12)}`,
    open: async (argv) => start(argv),
    exec: (argv, options = {}) => collect(start(argv), argv, 'the test host', options),
    close: async () => {},
  };
}
