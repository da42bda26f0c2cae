import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectSsh } from '../../../src/adapters/ssh/connect.ts';
import { sshTransport } from '../../../src/adapters/ssh/transport.ts';
import type { Transport } from '../../../src/core/ports/transport.ts';
import { CutProxy } from '../../support/cut-proxy.ts';
import { SshHome } from '../../support/ssh-home.ts';
import { freePort, TestSshd } from '../../support/sshd.ts';

/** Hosts that are not there, do not speak, fall silent, or are cut off: an error that says so, in time, never half an answer. */
let sshd: TestSshd;
let proxy: CutProxy;
const home = new SshHome();
const things = new AsyncDisposableStack();

beforeAll(async () => {
  things.use(home);
  sshd = things.use(await TestSshd.start());
  sshd.authorize(home.key);
  proxy = things.use(await CutProxy.start(sshd));
});

beforeEach(() => {
  proxy.heal();
  through(proxy.port);
});

afterAll(() => things.disposeAsync());

/** `hub` is at this port. */
function through(port: number, ...more: string[]): void {
  home.knows({ ...sshd, port, knownHost: () => sshd.knownHost('ed25519', `[127.0.0.1]:${port}`) } as TestSshd, ...more);
}

const unreachable = (why: string | RegExp) => ({
  code: 'HOST_UNREACHABLE',
  exitCode: 6,
  why: typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why),
});

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    expect(performance.now() - started).toBeLessThan(ms);
  }
}

const login = (signal?: AbortSignal) => connectSsh('hub', { env: home.env, ...(signal ? { signal } : {}) });

/** A server that does this with each connection. */
async function serving(behaviour: (socket: Socket) => void): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    behaviour(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a host that can’t be reached', () => {
  test('nothing listens', async () => {
    through(await freePort());
    await expect(login()).rejects.toMatchObject(unreachable('Nothing listens on that port'));
  });

  test('the name does not resolve', async () => {
    const lost = connectSsh('ops@no-such-host.invalid', { env: home.env });
    await expect(lost).rejects.toMatchObject(unreachable('does not resolve'));
  });

  test('it accepts and never speaks', async () => {
    await using mute = await serving(() => {});
    through(mute.port, 'ConnectTimeout 1');
    await within(4_000, () =>
      expect(login()).rejects.toMatchObject(unreachable('did not go on with the login in time')),
    );
  });

  test('Ctrl-C ends the attempt', async () => {
    await using mute = await serving(() => {});
    through(mute.port);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    await within(2_000, () =>
      expect(login(abort.signal)).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 }),
    );
    await expect(login(abort.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  test('it speaks something else', async () => {
    await using web = await serving((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(200)));
    through(web.port, 'ConnectTimeout 2');
    await expect(login()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  test('one that turns us away for a moment is tried again; one that always does is not tried for ever', async () => {
    let turned = 0;
    await using busy = await serving((socket) => {
      turned += 1;
      socket.end();
    });
    through(busy.port);
    await expect(login()).rejects.toMatchObject(unreachable('closed the connection before the login'));
    expect(turned).toBe(3);

    proxy.refuse = 2;
    through(proxy.port);
    (await login()).close();
    expect(proxy.count).toBe(3);
  });

  test.each([5, 300, 1_500])('the connection is cut within the login, after %i bytes', async (received) => {
    proxy.cutAfter = { received };
    await expect(login()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

describe('a connection that is cut', () => {
  let host: Transport;
  const connected = async (): Promise<Transport> => {
    host = await sshTransport('hub', { env: home.env });
    return host;
  };

  test.each([1, 40, 1_000, 50_000, 900_000])(
    'while a command speaks, after %i more bytes: no part of an answer',
    async (more) => {
      await connected();
      proxy.cutAfter = { received: proxy.received + more };
      await expect(host.exec(['seq', '1', '200000'])).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
      await expect(host.exec(['true'])).rejects.toMatchObject(unreachable('cut'));
      await host.close();
    },
  );

  test.each([1, 100, 5_000, 300_000])('while a command is fed, after %i more bytes', async (more) => {
    await connected();
    proxy.cutAfter = { sent: proxy.sent + more };
    const input = Buffer.alloc(1_000_000, 'x');
    await within(5_000, () => expect(host.exec(['wc', '-c'], { input })).rejects.toMatchObject(unreachable('cut')));
    await host.close();
  });

  test('after the exit code and before the end of the output', async () => {
    await connected();
    // The shell ends at once and leaves its output to a child: its code comes first.
    const channel = await host.open(['sh', '-c', 'echo begun; (sleep 5; echo more) & exit 0']);
    const said = buffer(channel.stdout);
    await once(channel.stdout, 'data');
    await sleep(500);
    proxy.cut();
    expect(await channel.exited).toBe(null);
    expect(channel.lost?.()).toContain('cut');
    expect((await said).toString()).toBe('begun\n');
    await host.close();
  });

  test('a hop on the way is cut', async () => {
    await using behind = await TestSshd.start();
    behind.authorize(home.key);
    home.write('known_hosts', sshd.knownHost('ed25519', `[127.0.0.1]:${proxy.port}`) + behind.knownHost());
    const common = ['HostName 127.0.0.1', `User ${sshd.user}`, 'IdentityFile ~/.ssh/operator'];
    const hosts = ['Host inner', 'ProxyJump hop', `Port ${behind.port}`, 'Host hop', `Port ${proxy.port}`, 'Host *'];
    home.write('config', [...hosts, ...common, ''].join('\n'));
    const there = await sshTransport('inner', { env: home.env });
    const ended = there.exec(['sleep', '30']);
    await expect.poll(() => behind.running('sleep 30')).toBeTruthy();
    proxy.cut();
    await within(3_000, () => expect(ended).rejects.toMatchObject(unreachable('cut')));
    await there.close();
  });
});

describe('a host that falls silent', () => {
  const watched = (interval: number, count: number) =>
    through(proxy.port, `ServerAliveInterval ${interval}`, `ServerAliveCountMax ${count}`);

  test('a stopped session: what waits ends with a clear error', async () => {
    watched(1, 2);
    const host = await sshTransport('hub', { env: home.env });
    const ended = host.exec(['sleep', '30']);
    await expect.poll(() => sshd.running('sleep 30')).toBeTruthy();
    sshd.stopSessions();
    await within(6_000, () => expect(ended).rejects.toMatchObject(unreachable('has not answered for 2 s')));
    await expect(host.exec(['true'])).rejects.toMatchObject(unreachable('has not answered for 2 s'));
    await host.close();
  });

  test('a deadline does not wait for it', async () => {
    const host = await sshTransport('hub', { env: home.env });
    expect((await host.exec(['true'])).code).toBe(0);
    sshd.stopSessions();
    await within(3_000, () =>
      expect(host.exec(['true'], { deadlineMs: 500 })).rejects.toMatchObject({ code: 'DEADLINE', exitCode: 13 }),
    );
    // Ending it there is tried, too, and given up.
    await within(9_000, () => host.close());
  });

  test('a pulled cable: the same', async () => {
    watched(1, 1);
    const host = await sshTransport('hub', { env: home.env });
    const ended = host.exec(['cat'], { input: Buffer.alloc(5_000_000) });
    proxy.freeze();
    await within(5_000, () => expect(ended).rejects.toMatchObject(unreachable('has not answered for 1 s')));
    await host.close();
  });

  test('a slow line is not taken for a dead one', async () => {
    watched(1, 2);
    const host = await sshTransport('hub', { env: home.env });
    // 2 MB are under way at once: all of them are sent before an answer to a question comes.
    proxy.bytesPerSecond = 500_000;
    const { stdout } = await host.exec(['wc', '-c'], { input: Buffer.alloc(3_000_000) });
    expect(stdout.trim()).toBe('3000000');
    await host.close();
  });
});
