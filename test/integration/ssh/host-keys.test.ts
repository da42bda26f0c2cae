import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectSsh, type SshOptions } from '../../../src/adapters/ssh/connect.ts';
import { SshHome } from '../../support/ssh-home.ts';
import { TestSshd } from '../../support/sshd.ts';

/** Pinned on first contact only when the operator says so; another key than the pinned one is refused, whatever is said. */
let sshd: TestSshd;
let other: TestSshd;
let home: SshHome;
const servers = new AsyncDisposableStack();

beforeAll(async () => {
  sshd = servers.use(await TestSshd.start({ hostKeys: ['ed25519', 'rsa'] }));
  other = servers.use(await TestSshd.start());
});

beforeEach(() => {
  home?.[Symbol.dispose]();
  home = new SshHome();
  home.write('config', 'IdentityFile ~/.ssh/operator\n');
  for (const server of [sshd, other]) server.authorize(home.key);
});

afterAll(async () => {
  home?.[Symbol.dispose]();
  await servers.disposeAsync();
});

async function login(options: Partial<SshOptions> & { to?: TestSshd; host?: string } = {}): Promise<void> {
  const { to = sshd, host = to.address } = options;
  const before = to.logins.length;
  const { close } = await connectSsh(`${to.user}@${host}:${to.port}`, { env: home.env, ...options });
  close();
  await expect.poll(() => to.logins.length).toBe(before + 1);
}

const name = () => `[127.0.0.1]:${sshd.port}`;

describe('a host that is not known', () => {
  test('in a pipeline: refused with its fingerprint, nothing pinned, nothing logged in to', async () => {
    const before = sshd.logins.length;
    await expect(login()).rejects.toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
      exitCode: 6,
      message: `${name()} is not known yet: its host key is ssh-ed25519 ${sshd.fingerprint()}`,
      next: [expect.stringContaining('ssh_host_ed25519_key.pub'), expect.stringContaining('--accept-new')],
      details: { fingerprint: sshd.fingerprint() },
    });
    expect(home.pinned()).toBe('');
    expect(sshd.logins.length).toBe(before);
  });

  test('--accept-new pins it once, in chp’s own file; from then on it is known', async () => {
    await login({ acceptNew: true });
    expect(home.pinned()).toBe(sshd.knownHost());
    await login({ acceptNew: true });
    await login();
    expect(home.pinned()).toBe(sshd.knownHost());
  });

  test('a person is asked, and may take longer than a login; no is no', async () => {
    home.write('config', 'IdentityFile ~/.ssh/operator\nConnectTimeout 1\n');
    const asked: string[][] = [];
    const answer = (yes: boolean) => async (host: string, print: string) => {
      asked.push([host, print]);
      await sleep(1_300);
      return yes;
    };
    await expect(login({ confirmHostKey: answer(false) })).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    expect(home.pinned()).toBe('');
    await login({ confirmHostKey: answer(true) });
    expect(home.pinned()).toBe(sshd.knownHost());
    expect(asked).toEqual(Array(2).fill([name(), `ssh-ed25519 ${sshd.fingerprint()}`]));
  });

  test('an IPv6 address is pinned under its own name', async () => {
    await using six = await TestSshd.start({ address: '::1' });
    six.authorize(home.key);
    await login({ to: six, host: '[::1]', acceptNew: true });
    expect(home.pinned()).toBe(six.knownHost('ed25519', `[::1]:${six.port}`));
  });
});

describe('a host that the operator’s own files know', () => {
  const known = (text: string) => home.write('known_hosts', text);

  test.each<[string, () => void]>([
    ['plain', () => known(`# a comment\n\n${sshd.knownHost()}`)],
    ['without a port', () => known(sshd.knownHost('ed25519', '127.0.0.1'))],
    ['by a pattern', () => known(sshd.knownHost('ed25519', `!10.*,[127.0.0.?]:*`))],
    [
      'hashed',
      () => {
        known(sshd.knownHost());
        execFileSync('ssh-keygen', ['-H', '-f', home.path('known_hosts')], { stdio: 'ignore' });
        expect(readFileSync(home.path('known_hosts'), 'utf8')).toMatch(/^\|1\|/);
      },
    ],
    ['in a second file', () => home.write('known_hosts2', sshd.knownHost())],
    [
      'in files that the configuration names',
      () => {
        home.write('of work', sshd.knownHost());
        home.write('config', 'IdentityFile ~/.ssh/operator\nUserKnownHostsFile ~/.ssh/absent "~/.ssh/of work"\n');
      },
    ],
    [
      'under an alias',
      () => {
        known(sshd.knownHost('ed25519', 'hub.home'));
        home.write('config', 'IdentityFile ~/.ssh/operator\nHostKeyAlias Hub.Home\n');
      },
    ],
    ['by a key of another type than we like best', () => known(sshd.knownHost('rsa'))],
  ])('%s', async (_, write) => {
    write();
    await login();
    expect(home.pinned()).toBe('');
  });

  test('a certificate authority alone is not enough', async () => {
    known(`@cert-authority ${sshd.knownHost()}`);
    await expect(login()).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
  });
});

describe('a host that shows another key', () => {
  const changed = (pinned: string, shown = sshd.fingerprint()) => ({
    code: 'HOST_KEY_CHANGED',
    exitCode: 6,
    message: `${name()} shows another host key than the one that is pinned`,
    why: expect.stringMatching(`${literally(shown)}.*${literally(pinned)}.*somebody listens in`),
    next: [expect.stringContaining('ssh-keygen -lf'), expect.stringContaining(`ssh-keygen -R '${name()}'`)],
    details: expect.objectContaining({ shown, pinned, line: 1 }),
  });
  const yes = { acceptNew: true, confirmHostKey: async () => true };

  test('refused with both fingerprints, whoever says yes, and the pin stays', async () => {
    await login({ acceptNew: true });
    const forged = other.knownHost('ed25519', name());
    writeFileSync(home.pins, forged);
    const before = sshd.logins.length;
    await expect(login(yes)).rejects.toMatchObject(changed(other.fingerprint()));
    expect(home.pinned()).toBe(forged);
    expect(sshd.logins.length).toBe(before);
  });

  test('a key of a type that was never pinned is no first contact', async () => {
    home.write('known_hosts', sshd.knownHost('rsa', `[127.0.0.1]:${other.port}`));
    await expect(login({ to: other, ...yes })).rejects.toMatchObject({
      code: 'HOST_KEY_CHANGED',
      details: expect.objectContaining({ shown: other.fingerprint(), pinned: sshd.fingerprint('rsa') }),
    });
    expect(home.pinned()).toBe('');
  });

  test('the right key in one file is enough, as it is for ssh', async () => {
    home.write('known_hosts', other.knownHost('ed25519', name()));
    home.write('known_hosts2', sshd.knownHost());
    await login();
  });

  test('a key that is marked as revoked is refused, also where it is known', async () => {
    home.write('known_hosts', `${sshd.knownHost()}@revoked * ${sshd.knownHost().split(' ').slice(1).join(' ')}`);
    await expect(login(yes)).rejects.toMatchObject({
      code: 'HOST_KEY_CHANGED',
      message: expect.stringContaining('revoked'),
      details: expect.objectContaining({ line: 2 }),
    });
  });

  test('pins that can’t be read are not taken for none', async () => {
    execFileSync('mkdir', ['-p', home.pins]);
    await expect(login(yes)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(home.pins) });
  });
});

const literally = (text: string) => text.replace(/[+/.]/g, '\\$&');
