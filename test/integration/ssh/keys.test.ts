import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectSsh, type SshOptions } from '../../../src/adapters/ssh/connect.ts';
import { TestAgent } from '../../support/ssh-agent.ts';
import { SshHome } from '../../support/ssh-home.ts';
import { fingerprintOf, makeKey, TestSshd } from '../../support/sshd.ts';

/** Which keys are offered, in what order, and what is said when none opens the host. */
let sshd: TestSshd;
let agent: TestAgent;
const home = new SshHome();
const PASSPHRASE = 'open sesame';

beforeAll(async () => {
  sshd = await TestSshd.start({ config: ['MaxAuthTries 3'] });
  agent = await TestAgent.start(home.dir);
  for (const type of ['ed25519', 'ecdsa', 'rsa'] as const) makeKey(home.path(`in_${type}`), type);
  makeKey(home.path('locked'), 'ed25519', PASSPHRASE);
  makeKey(home.path('wrong'));
  for (let index = 0; index < 5; index++) makeKey(home.path(`other_${index}`));
  sshd.authorize(home.key, ...['in_ed25519', 'in_ecdsa', 'in_rsa', 'locked'].map((name) => home.path(name)));
});

beforeEach(() => agent.run('ssh-add', ['-q', '-D']));

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** Logs in with these lines in the place of the usual IdentityFile, and out again. */
async function login(lines: readonly string[], options: Partial<SshOptions> & { withAgent?: boolean } = {}) {
  home.write('known_hosts', sshd.knownHost());
  home.write(
    'config',
    ['Host hub', 'HostName 127.0.0.1', `Port ${sshd.port}`, `User ${sshd.user}`, ...lines].join('\n'),
  );
  const env = { ...home.env, ...(options.withAgent ? { SSH_AUTH_SOCK: agent.socket } : {}) };
  const before = sshd.logins.length;
  const { close } = await connectSsh('hub', { env, ...options });
  close();
  await expect.poll(() => sshd.logins.length).toBe(before + 1);
  return sshd.logins.at(-1);
}

const accepted = (name: string) => expect.stringContaining(fingerprintOf(home.path(name)));

describe('keys in files', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('%s opens the host', async (type) => {
    expect(await login([`IdentityFile ~/.ssh/in_${type}`])).toEqual(accepted(`in_${type}`));
  });

  test('tokens and quotes in IdentityFile', async () => {
    makeKey(home.path(`key of ${sshd.user}@127.0.0.1`));
    sshd.authorize(home.path(`key of ${sshd.user}@127.0.0.1`));
    expect(await login(['IdentityFile "%d/.ssh/key of %r@%h"'])).toEqual(accepted(`key of ${sshd.user}@127.0.0.1`));
  });

  test('the usual files are tried where none is named', async () => {
    makeKey(home.path('id_ecdsa'), 'ecdsa');
    sshd.authorize(home.path('id_ecdsa'));
    expect(await login([])).toEqual(accepted('id_ecdsa'));
  });

  test('a wrong key: refused, with what was offered', async () => {
    await expect(login(['IdentityFile ~/.ssh/wrong', 'IdentityFile ~/.ssh/absent'])).rejects.toMatchObject({
      code: 'HOST_AUTH',
      exitCode: 6,
      message: `${sshd.user}@127.0.0.1:${sshd.port} refused every key`,
      why: expect.stringMatching(/^Offered: \S+\/wrong SHA256:\S+\. Not offered: \S+\/absent \(not there\)\.$/),
      next: expect.arrayContaining(['ssh-copy-id hub']),
      details: { offered: [`${home.path('wrong')} ${fingerprintOf(home.path('wrong'))}`] },
    });
  });

  test('no key at all', async () => {
    await expect(login(['IdentityFile none'])).rejects.toMatchObject({
      code: 'HOST_AUTH',
      why: 'There is no key to offer.',
    });
  });
});

describe('a key with a passphrase', () => {
  const locked = ['IdentityFile ~/.ssh/locked'];

  test('in a pipeline nobody is asked: it says which key, and how to give it to an agent', async () => {
    await expect(login(locked)).rejects.toMatchObject({
      code: 'HOST_AUTH',
      message: `the key ${home.path('locked')} is encrypted, and was not unlocked`,
      why: expect.stringContaining('in a pipeline nobody is asked'),
      next: [expect.stringContaining(`ssh-add '${home.path('locked')}'`)],
    });
  });

  test('on a terminal it is asked for, up to three times, and the time this takes does not count', async () => {
    const answers = ['wrong', PASSPHRASE];
    const asked: string[] = [];
    const passphrase = async (file: string) => {
      asked.push(file);
      await new Promise((resolve) => setTimeout(resolve, 600));
      return answers.shift() ?? null;
    };
    expect(await login([...locked, 'ConnectTimeout 1'], { passphrase })).toEqual(accepted('locked'));
    expect(asked).toEqual([home.path('locked'), home.path('locked')]);
    await expect(login(locked, { passphrase: async () => 'never right' })).rejects.toMatchObject({ code: 'HOST_AUTH' });
  });

  test('one that the host would refuse is not asked for', async () => {
    makeKey(home.path('locked_wrong'), 'ed25519', PASSPHRASE);
    const passphrase = async () => {
      throw new Error('asked');
    };
    await expect(login(['IdentityFile ~/.ssh/locked_wrong'], { passphrase })).rejects.toMatchObject({
      code: 'HOST_AUTH',
      message: expect.stringContaining('refused every key'),
    });
  });

  test('an agent that holds it opens the host, also where only named keys may be used', async () => {
    agent.add(home.path('locked'), { passphrase: PASSPHRASE });
    expect(await login([...locked, 'IdentitiesOnly yes'], { withAgent: true })).toEqual(accepted('locked'));
    expect(await login([...locked, `IdentityAgent ${agent.socket}`])).toEqual(accepted('locked'));
    await expect(login([...locked, 'IdentityAgent none'], { withAgent: true })).rejects.toMatchObject({
      code: 'HOST_AUTH',
    });
  });
});

describe('an agent', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('signs with %s', async (type) => {
    agent.add(home.path(`in_${type}`));
    expect(await login([], { withAgent: true })).toEqual(accepted(`in_${type}`));
  });

  test('the public half names a key that only the agent has', async () => {
    for (let index = 0; index < 5; index++) agent.add(home.path(`other_${index}`));
    agent.add(home.path('in_rsa'));
    const [named, only] = ['IdentityFile ~/.ssh/in_rsa.pub', 'IdentitiesOnly yes'];
    expect(await login([named, only], { withAgent: true })).toEqual(accepted('in_rsa'));
  });

  test('named keys come first: an agent full of others does not use up what the host lets us try', async () => {
    for (let index = 0; index < 5; index++) agent.add(home.path(`other_${index}`));
    expect(await login(['IdentityFile ~/.ssh/operator'], { withAgent: true })).toEqual(accepted('operator'));
    await expect(login([], { withAgent: true })).rejects.toMatchObject({
      code: 'HOST_AUTH',
      why: expect.stringContaining('ended the login before the last of them'),
      next: expect.arrayContaining([expect.stringContaining('IdentitiesOnly yes')]),
    });
  });

  test('one that is dead is as good as none', async () => {
    const env = { ...home.env, SSH_AUTH_SOCK: '/nonexistent/agent' };
    expect(await login(['IdentityFile ~/.ssh/operator'], { env })).toEqual(accepted('operator'));
    await expect(login(['IdentityFile ~/.ssh/wrong'], { env })).rejects.toMatchObject({
      why: expect.stringContaining('the agent at /nonexistent/agent'),
    });
  });

  test('one that does not sign: the next key is tried', async () => {
    // It asks its owner before each use, and has nobody to ask.
    agent.add(home.path('in_ed25519'), { flags: ['-c'] });
    expect(
      await login(['IdentityFile ~/.ssh/in_ed25519', 'IdentityFile ~/.ssh/operator'], { withAgent: true }),
    ).toEqual(accepted('operator'));
  });
});

describe('hosts that want something else than a key', () => {
  test('a host that takes passwords only, and one that wants a password, too', async () => {
    await using only = await TestSshd.start({ config: ['PubkeyAuthentication no', 'PasswordAuthentication yes'] });
    await using also = await TestSshd.start({
      config: ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'],
    });
    also.authorize(home.key);
    home.write('known_hosts', only.knownHost() + also.knownHost());
    home.write('config', 'IdentityFile ~/.ssh/operator\n');
    await expect(connectSsh(`${only.user}@127.0.0.1:${only.port}`, { env: home.env })).rejects.toMatchObject({
      code: 'HOST_AUTH',
      message: expect.stringContaining('lets nobody in by key'),
      why: expect.stringContaining('chp never types passwords'),
    });
    await expect(connectSsh(`${also.user}@127.0.0.1:${also.port}`, { env: home.env })).rejects.toMatchObject({
      code: 'HOST_AUTH',
      message: expect.stringContaining('wants more than a key'),
      why: expect.stringContaining('password'),
    });
  });
});
