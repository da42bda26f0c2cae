import { posix } from 'node:path';
import { diskFault } from '../../core/disk-fault.ts';
import { ChpError } from '../../core/errors.ts';
import type { Transport } from '../../core/ports/transport.ts';

export const LONG_MS = 600_000;
/** As long as another run may take to put node there. */
const LOCK_S = 300;

/**
 * How a script begins that changes what tenants of a host share: one at a time, as long as its shell lives. The lock is
 * on a folder that is there before chp is, and stays.
 */
export function alone(root: string): string[] {
  const folder = posix.dirname(posix.dirname(root));
  return [
    'set -eu',
    `exec 9<${quote(folder)}`,
    `flock -w ${LOCK_S} 9 || { echo 'another run on this host does not end' >&2; exit 1; }`,
  ];
}

/** The script goes in by stdin: what it holds must not be seen in the process list. */
export async function runScript(transport: Transport, root: boolean, script: string): Promise<{ stdout: string }> {
  const { code, stdout, stderr } = await transport.exec(['sh', '-s'], { input: script, root, deadlineMs: LONG_MS });
  if (code !== 0) throw failed(transport, 'a step on the host failed', stderr);
  return { stdout };
}

export function failed(transport: Transport, what: string, stderr: string): ChpError {
  const why = stderr.trim().slice(-600);
  const disk = diskFault({ message: why });
  return new ChpError(disk?.code ?? 'AGENT_FAILED', `${transport.target}: ${disk?.message ?? what}`, {
    ...(why ? { why } : {}),
    next: disk?.next ?? ['Run the same command again; if it stays, look at the host.'],
  });
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
