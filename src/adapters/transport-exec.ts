import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChpError } from '../core/errors.ts';
import type { ExecOptions, ExecResult, ProcessChannel } from '../core/ports/transport.ts';
import { sudoRefusal } from './sudo.ts';

const DEADLINE_MS = 60_000;
const MAX_OUTPUT = 32 * 1024 * 1024;

/**
 * Feeds a command its input and gathers what it says. The deadline holds whatever the other side does.
 * @throws ChpError DEADLINE; INTERRUPTED; HOST_UNREACHABLE when the connection went first; HOST_UNFIT when sudo refuses
 */
export async function collect(
  started: ProcessChannel | Promise<ProcessChannel>,
  argv: readonly string[],
  target: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const name = argv[0] ?? '';
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const late = (): void =>
    end(
      new ChpError('DEADLINE', `${target}: ${name} did not end within ${deadlineMs / 1000} s`, {
        next: ['Look at the load of the host, then run the same command again.'],
      }),
    );
  const interrupted = (): void =>
    end(
      new ChpError('INTERRUPTED', `${target}: ${name} was stopped`, {
        next: ['Run the same command again: every step can be repeated.'],
      }),
    );
  const timer = setTimeout(late, deadlineMs);
  if (options.signal?.aborted) interrupted();
  options.signal?.addEventListener('abort', interrupted, { once: true });
  const channel = Promise.resolve(started);
  try {
    return await Promise.race([outcome(channel, name, target, options), ended]);
  } catch (error) {
    channel.then((running) => running.kill()).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', interrupted);
  }
}

async function outcome(
  started: Promise<ProcessChannel>,
  name: string,
  target: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const channel = await started;
  // A command that ends before it has read everything is judged by its exit code.
  channel.stdin.on('error', () => {});
  const fed = feed(channel, options.input).catch(() => {});
  const [stdout, stderr, code] = await Promise.all([
    readText(channel.stdout),
    readText(channel.stderr),
    channel.exited,
    fed,
  ]);
  if (code === null)
    throw new ChpError('HOST_UNREACHABLE', `${target}: the connection was cut while ${name} ran`, {
      ...(channel.lost?.() ? { why: channel.lost() as string } : {}),
      next: ['Run the same command again: every step can be repeated.'],
    });
  const refusal = options.root && code !== 0 ? sudoRefusal(target, stderr) : null;
  if (refusal) throw refusal;
  return { code, stdout, stderr };
}

async function feed({ stdin }: ProcessChannel, input: ExecOptions['input']): Promise<void> {
  if (input instanceof Readable) await pipeline(input, stdin);
  else stdin.end(input ?? '');
}

/** A stream to its end, as UTF-8. @throws AGENT_FAILED when it is too long to hold */
export async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_OUTPUT)
      throw new ChpError('AGENT_FAILED', `a command on the host said more than ${MAX_OUTPUT / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
