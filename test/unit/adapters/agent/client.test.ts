import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { AgentClient } from '../../../../src/adapters/agent/client.ts';
import { FrameWriter } from '../../../../src/core/frames.ts';
import type { Transport } from '../../../../src/core/ports/transport.ts';

/** A host that says what it likes. */
function host(
  say: (out: PassThrough, writer: FrameWriter) => Promise<void> | void,
  code: number | null = 0,
  stderr = '',
): AgentClient {
  const open: Transport['open'] = async () => {
    const [stdin, stdout, complaints] = [new PassThrough(), new PassThrough(), new PassThrough()];
    stdin.resume();
    complaints.end(stderr);
    await say(stdout, new FrameWriter(stdout));
    stdout.end();
    return {
      stdin,
      stdout,
      stderr: complaints,
      exited: Promise.resolve(code),
      kill: async () => void stdout.destroy(),
    };
  };
  const transport = { target: 'ops@hub', open } as Transport;
  return new AgentClient(transport, { root: '/var/lib/chp', nodeTree: 'a'.repeat(64), asRoot: true });
}

test('the result of a host', async () => {
  const client = host((_, writer) => writer.json({ event: 'result', result: { current: null } }));
  expect(await client.status('demo')).toEqual({ current: null });
});

test('an error of a host keeps its code, reason and next steps', async () => {
  const error = { code: 'LOCKED', message: 'demo is locked', why: 'by ana', next: ['wait'] };
  await expect(host((_, writer) => writer.json({ event: 'error', error })).status('demo')).rejects.toMatchObject(error);
  const unknown = { ...error, code: 'NO_SUCH_CODE' };
  await expect(
    host((_, writer) => writer.json({ event: 'error', error: unknown })).status('demo'),
  ).rejects.toMatchObject({ code: 'AGENT_FAILED' });
});

test.each<[string, (out: PassThrough, writer: FrameWriter) => void]>([
  ['a banner', (out) => void out.write('Last login: Tue Nov 24 from nowhere\n')],
  ['an unknown event', (_, writer) => void writer.json({ event: 'dance' })],
  ['an inherited name', (_, writer) => void writer.json({ event: 'constructor' })],
  ['an event that lacks its fields', (_, writer) => void writer.json({ event: 'need', objects: 'all' })],
  ['raw bytes', (_, writer) => void writer.raw(Buffer.from('x'))],
])('%s instead of the protocol', async (_, say) => {
  await expect(host(say).status('demo')).rejects.toMatchObject({ code: 'AGENT_FAILED' });
});

test('no answer: the words of the host, or that the connection was cut', async () => {
  await expect(host(() => {}, 127, 'sh: node: not found').status('demo')).rejects.toMatchObject({
    code: 'AGENT_FAILED',
    why: 'sh: node: not found',
  });
  await expect(host(() => {}, null).status('demo')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
});

test('a connection that is cut in the middle of a message is told as such, with what is known of it', async () => {
  const stdout = new PassThrough();
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  stdout.end(Buffer.from([0, 0, 0, 9, 1, 0x7b]));
  stderr.end();
  const lost = () => 'It has not answered for 30 s.';
  const open = async () => ({ stdin, stdout, stderr, exited: Promise.resolve(null), lost, kill: async () => {} });
  const client = new AgentClient({ target: 'ops@hub', open } as unknown as Transport, {
    root: '/var/lib/chp',
    nodeTree: 'a'.repeat(64),
    asRoot: true,
  });
  await expect(client.status('demo')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE', why: lost() });
});

test('sudo that does not let the agent run is told with the way out', async () => {
  await expect(host(() => {}, 1, 'sudo: a password is required\n').status('demo')).rejects.toMatchObject({
    code: 'HOST_UNFIT',
    next: [expect.stringContaining('ops ALL=(ALL) NOPASSWD: ALL')],
  });
});
