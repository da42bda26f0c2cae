import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SshOptions } from '../../../src/adapters/ssh/connect.ts';
import { sshTransport } from '../../../src/adapters/ssh/transport.ts';
import { SshHome } from '../../support/ssh-home.ts';
import { freePort, TestSshd } from '../../support/sshd.ts';

/** ProxyJump and ProxyCommand. Each hop passes connections on to the next one only, so no short cut goes unseen. */
let first: TestSshd;
let second: TestSshd;
let hub: TestSshd;
const home = new SshHome();
const servers = new AsyncDisposableStack();

beforeAll(async () => {
  hub = servers.use(await TestSshd.start({ config: ['AllowTcpForwarding no'] }));
  second = servers.use(await TestSshd.start({ config: [`PermitOpen 127.0.0.1:${hub.port}`] }));
  first = servers.use(await TestSshd.start({ config: [`PermitOpen 127.0.0.1:${second.port}`] }));
  for (const server of [first, second, hub]) server.authorize(home.key);
});

beforeEach(() => home.write('known_hosts', first.knownHost() + second.knownHost() + hub.knownHost()));

afterAll(async () => {
  home[Symbol.dispose]();
  await servers.disposeAsync();
});

function configure(hosts: Record<string, readonly string[]>): void {
  const servers: Record<string, TestSshd> = { first, second, hub };
  const blocks = Object.entries(hosts).map(([name, lines]) =>
    [`Host ${name}`, `Port ${servers[name]?.port ?? 22}`, ...lines].join('\n'),
  );
  home.write(
    'config',
    [...blocks, 'Host *', 'HostName 127.0.0.1', `User ${hub.user}`, 'IdentityFile ~/.ssh/operator', ''].join('\n'),
  );
}

/** Which of the servers a command on `hub` went through. */
async function way(options: Partial<SshOptions> = {}): Promise<string[]> {
  const before = [first, second, hub].map((server) => server.logins.length);
  const host = await sshTransport('hub', { env: home.env, ...options });
  try {
    expect((await host.exec(['echo', 'there'])).stdout).toBe('there\n');
  } finally {
    await host.close();
  }
  await expect.poll(() => hub.logins.length).toBeGreaterThan(before[2] as number);
  return [first, second, hub].flatMap((server, index) =>
    server.logins.length > (before[index] as number) ? [['first', 'second', 'hub'][index] as string] : [],
  );
}

describe('ProxyJump', () => {
  test('one hop', async () => {
    configure({ hub: ['ProxyJump second'], second: [], first: [] });
    expect(await way()).toEqual(['second', 'hub']);
  });

  test('two hops, in a list', async () => {
    configure({ hub: ['ProxyJump first,second'], second: ['ProxyJump none'], first: [] });
    expect(await way()).toEqual(['first', 'second', 'hub']);
  });

  test('two hops, each by its own configuration, with user and port said', async () => {
    configure({ hub: [`ProxyJump ${hub.user}@second:${second.port}`], second: ['ProxyJump first'], first: [] });
    expect(await way()).toEqual(['first', 'second', 'hub']);
  });

  test('a hop that is the host itself is none: ProxyJump below Host *', async () => {
    configure({ hub: ['ProxyJump second'], second: ['ProxyJump second'], first: [] });
    expect(await way()).toEqual(['second', 'hub']);
  });

  test('hops in a circle are refused', async () => {
    configure({ hub: ['ProxyJump second'], second: ['ProxyJump first'], first: ['ProxyJump second'] });
    await expect(way()).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/circle: .*→.*→.*→/),
    });
  });

  test('the key of every hop is checked', async () => {
    configure({ hub: ['ProxyJump first,second'], second: [], first: [] });
    home.write('known_hosts', first.knownHost() + hub.knownHost());
    await expect(way()).rejects.toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
      message: expect.stringContaining(second.fingerprint()),
    });
    expect(await way({ acceptNew: true })).toEqual(['first', 'second', 'hub']);
    expect(home.pinned()).toBe(second.knownHost());
    home.write('known_hosts', first.knownHost() + hub.knownHost('ed25519', `[127.0.0.1]:${second.port}`));
    await expect(way({ acceptNew: true, env: { ...home.env, CHP_HOME: `${home.dir}/empty` } })).rejects.toMatchObject({
      code: 'HOST_KEY_CHANGED',
    });
  });

  test('a hop that passes nothing on, and a host behind it that is down', async () => {
    configure({ hub: ['ProxyJump first'], second: [], first: [] });
    await expect(way()).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: `${hub.user}@127.0.0.1:${hub.port} can't be reached through ${first.user}@127.0.0.1:${first.port}`,
      why: expect.stringContaining('did not pass the connection on'),
    });
    const port = await freePort();
    await using open = await TestSshd.start();
    open.authorize(home.key);
    home.write('known_hosts', open.knownHost());
    configure({ hub: [`ProxyJump 127.0.0.1:${open.port}`], second: [], first: [] });
    await expect(sshTransport(`hub:${port}`, { env: home.env })).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      why: expect.stringMatching(/did not pass the connection on: .*Connection refused/i),
    });
  });
});

describe('ProxyCommand', () => {
  const ssh = () => `ssh -F ${home.path('config')} -o UserKnownHostsFile=${home.path('known_hosts')} -i ${home.key}`;

  test('a real one: ssh -W', async () => {
    configure({
      hub: [`ProxyCommand ${ssh()} -W "[%h]:%p" second 2>/dev/null # not a comment`],
      second: [],
      first: [],
    });
    expect(await way()).toEqual(['second', 'hub']);
  });

  test('what it says when it fails is told', async () => {
    configure({ hub: ['ProxyCommand echo "no way to %n at %h:%p as %r" >&2; exit 3'], second: [], first: [] });
    await expect(way()).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      why: `Its ProxyCommand said: no way to hub at 127.0.0.1:${hub.port} as ${hub.user}`,
    });
    configure({ hub: ['ProxyCommand true'], second: [], first: [] });
    await expect(way()).rejects.toMatchObject({ why: 'Its ProxyCommand ended before the login.' });
  });

  test('one that never says anything is ended with the attempt', async () => {
    configure({ hub: ['ProxyCommand sleep 983', 'ConnectTimeout 1'], second: [], first: [] });
    await expect(way()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE', why: expect.stringContaining('in time') });
    await expect.poll(() => running('sleep 983')).toBe(false);
  });

  test('in a pipeline it has no terminal to ask on', async () => {
    configure({ hub: ['ProxyCommand ps -o sid= -p $$ >&2'], second: [], first: [] });
    const error = (await way().catch((caught: Error) => caught)) as Error & { why: string };
    const [session] = /\d+/.exec(error.why) ?? [];
    expect(Number(session)).toBeGreaterThan(0);
    expect(Number(session)).not.toBe(sessionOf(process.pid));
  });

  test('it ends when the connection does', async () => {
    configure({ hub: [`ProxyCommand ${ssh()} -W %h:%p second`], second: [], first: [] });
    const host = await sshTransport('hub', { env: home.env });
    expect(running(`-W 127.0.0.1:${hub.port}`)).toBe(true);
    await host.close();
    await expect.poll(() => running(`-W 127.0.0.1:${hub.port}`)).toBe(false);
  });
});

function running(part: string): boolean {
  return execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).includes(part);
}

function sessionOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'sid=', '-p', String(pid)], { encoding: 'utf8' }));
}
