import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sshTransport } from '../../../src/adapters/ssh/transport.ts';
import type { Transport } from '../../../src/core/ports/transport.ts';
import { SshHome } from '../../support/ssh-home.ts';
import { TestSshd } from '../../support/sshd.ts';

let sshd: TestSshd;
let host: Transport;
const home = new SshHome();

beforeAll(async () => {
  sshd = await TestSshd.start();
  sshd.authorize(home.key);
  home.knows(sshd);
  host = await sshTransport('hub', { env: home.env });
});

afterAll(async () => {
  await host?.close();
  await sshd?.[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const echo = (...words: string[]) => host.exec(['printf', '[%s]', ...words]);

describe('what a command is given and what it gives', () => {
  test('arguments arrive as they are: no shell makes anything of them', async () => {
    const words = [
      'a b',
      "it's",
      '"double"',
      '$HOME `id` $(id)',
      '*?[a-z]{1,2}~',
      'line one\nline two\n',
      'back\\slash\\',
      'a!b !!',
      '; rm -rf / & | < > #',
      '',
      'ünïcödé 🏠',
      '-n',
      '=x',
      'tab\there',
    ];
    expect((await echo(...words)).stdout).toBe(words.map((word) => `[${word}]`).join(''));
  });

  test('exit codes and signals are told apart', async () => {
    for (const code of [0, 1, 2, 127, 255]) expect((await host.exec(['sh', '-c', `exit ${code}`])).code).toBe(code);
    expect((await host.exec(['sh', '-c', 'kill -TERM $$'])).code).toBe(143);
    expect((await host.exec(['sh', '-c', 'kill -KILL $$'])).code).toBe(137);
    const missing = await host.exec(['no-such-program', 'x']);
    expect(missing.code).toBe(127);
    expect(missing.stderr).toContain('no-such-program');
  });

  test('standard output and standard error stay apart, also when both are long', async () => {
    const script = 'i=0; while [ $i -lt 20000 ]; do echo out-$i; echo err-$i >&2; i=$((i+1)); done';
    const { stdout, stderr } = await host.exec(['sh', '-c', script]);
    expect(stdout.trim().split('\n')).toHaveLength(20_000);
    expect(stderr.trim().split('\n').at(-1)).toBe('err-19999');
    expect(stdout).not.toContain('err-');
  });

  test('20 MB go in and come out unchanged, and bytes that are no text survive', async () => {
    const bytes = randomBytes(20 * 1024 * 1024);
    const channel = await host.open(['cat']);
    Readable.from([bytes]).pipe(channel.stdin);
    const [back, code] = await Promise.all([buffer(channel.stdout), channel.exited]);
    expect(back.equals(bytes)).toBe(true);
    expect(code).toBe(0);
  });

  test('a command that stops reading is judged by its exit code', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(64 * 1024, 'x');
      })(),
    );
    expect(await host.exec(['head', '-c', '5'], { input: endless })).toMatchObject({ code: 0, stdout: 'xxxxx' });
    expect(endless.destroyed).toBe(true);
  });

  test('output that is too long to hold is an error, not a part of it', async () => {
    await expect(host.exec(['sh', '-c', 'yes | head -c 40000000'])).rejects.toMatchObject({
      code: 'AGENT_FAILED',
      message: expect.stringContaining('32 MiB'),
    });
  });

  test('many commands at a time do not mix', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => echo(String(index))));
    expect(answers.map(({ stdout }) => stdout)).toEqual(answers.map((_, index) => `[${index}]`));
  });
});

describe('what has to end', () => {
  test('a deadline ends the command here and there', async () => {
    const ended = host.exec(['sleep', '987'], { deadlineMs: 2_000 });
    await expect.poll(() => sshd.running('sleep 987')).toBeTruthy();
    await expect(ended).rejects.toMatchObject({ code: 'DEADLINE', message: expect.stringContaining('2 s') });
    await expect.poll(() => sshd.running('sleep 987')).toBe(undefined);
    expect((await echo('still there')).code).toBe(0);
  });

  test('a signal ends the command here and there, also one that minds no polite word', async () => {
    const abort = new AbortController();
    const ended = host.exec(['sh', '-c', 'trap "" TERM; sleep 986; sleep 986'], { signal: abort.signal });
    await expect.poll(() => sshd.running('sleep 986')).toBeTruthy();
    abort.abort();
    await expect(ended).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect.poll(() => sshd.running('sleep 986')).toBe(undefined);
    await expect(host.exec(['true'], { signal: abort.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  test('closing waits until what has to end has ended', async () => {
    const other = await sshTransport('hub', { env: home.env });
    const abort = new AbortController();
    const ended = other.exec(['sleep', '984'], { signal: abort.signal });
    await expect.poll(() => sshd.running('sleep 984')).toBeTruthy();
    abort.abort();
    await expect(ended).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await other.close();
    expect(sshd.running('sleep 984')).toBe(undefined);
  });

  test('a command whose session was killed on the host has no exit code to trust', async () => {
    await using stack = new AsyncDisposableStack();
    const other = await sshTransport('hub', { env: home.env });
    stack.defer(() => other.close());
    const ended = other.exec(['sh', '-c', 'echo begun; sleep 985; exit 0']);
    await expect.poll(() => sshd.running('sleep 985')).toBeTruthy();
    const shell = sshd.processes().find(({ pid }) => pid === sshd.running('sleep 985')?.ppid);
    process.kill(shell?.ppid ?? 0, 'SIGKILL');
    await expect(ended).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});
