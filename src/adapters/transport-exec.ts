import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChpError } from '../core/errors.ts';
import type { ExecOptions, ExecResult, ProcessChannel } from '../core/ports/transport.ts';

const DEADLINE_MS = 60_000;
const MAX_OUTPUT = 32 * 1024 * 1024;

/**
 * Feeds a command its input and gathers what it says.
 * @throws ChpError DEADLINE; HOST_UNREACHABLE when the connection went first; HOST_UNFIT when sudo wants a password
 */
export async function collect(
  channel: ProcessChannel,
  argv: readonly string[],
  target: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    channel.kill();
  }, deadlineMs);
  try {
    // A command that ends before it has read everything is judged by its exit code.
    channel.stdin.on('error', () => {});
    const fed = feed(channel, options.input).catch(() => {});
    const [stdout, stderr, code] = await Promise.all([text(channel.stdout), text(channel.stderr), channel.exited, fed]);
    const name = argv[0] ?? '';
    if (late)
      throw new ChpError('DEADLINE', `${target}: ${name} did not end within ${deadlineMs / 1000} s`, {
        next: ['Look at the load of the host, then run the same command again.'],
      });
    if (code === null)
      throw new ChpError(
        options.signal?.aborted ? 'INTERRUPTED' : 'HOST_UNREACHABLE',
        `${target}: the connection was cut while ${name} ran`,
        {
          next: ['Run the same command again: every step can be repeated.'],
        },
      );
    if (options.root && /^sudo: .*password/m.test(stderr))
      throw new ChpError('HOST_UNFIT', `${target}: sudo asks for a password`, {
        why: 'chp needs root for units, users and the firewall, and never types passwords.',
        next: [
          'Log in as root, or give the user passwordless sudo: `ops ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d/ops.',
        ],
      });
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

async function feed({ stdin }: ProcessChannel, input: ExecOptions['input']): Promise<void> {
  if (input instanceof Readable) await pipeline(input, stdin);
  else stdin.end(input ?? '');
}

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= MAX_OUTPUT) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
