import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseTarget, resolveTarget } from '../../../../src/adapters/ssh/config.ts';
import { parseConfigFile } from '../../../../src/adapters/ssh/config-file.ts';
import { routeTo } from '../../../../src/adapters/ssh/route.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'chp-ssh-config-'));
  mkdirSync(join(home, '.ssh'));
});
afterEach(() => rmSync(home, { recursive: true }));

function resolve(target: string, config: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(join(home, '.ssh', 'config'), config);
  return resolveTarget(target, { HOME: home, ...env });
}

describe('targets', () => {
  test.each([
    ['hub', { user: undefined, host: 'hub', port: undefined }],
    ['ops@hub.example', { user: 'ops', host: 'hub.example', port: undefined }],
    ['ops@hub:2222', { user: 'ops', host: 'hub', port: 2222 }],
    ['ana@corp.example@hub', { user: 'ana@corp.example', host: 'hub', port: undefined }],
    ['ssh://ops@hub:2222/', { user: 'ops', host: 'hub', port: 2222 }],
    ['::1', { user: undefined, host: '::1', port: undefined }],
    ['ops@fe80::1%eth0', { user: 'ops', host: 'fe80::1%eth0', port: undefined }],
    ['ops@[2001:db8::7]:2222', { user: 'ops', host: '2001:db8::7', port: 2222 }],
    ['ssh://[::ffff:10.0.0.1]', { user: undefined, host: '::ffff:10.0.0.1', port: undefined }],
  ])('%s', (text, parsed) => expect(parseTarget(text)).toEqual(parsed));

  test.each([
    '',
    'a b',
    '-oProxyCommand=x',
    '-l@hub',
    'ops@-hub',
    'hub:0',
    'hub:65536',
    'hub:x',
    'a/b',
    '[::1',
    'ops@',
  ])('refused: "%s"', (text) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});

describe('lines', () => {
  const words = (line: string) => parseConfigFile(line, 'config')[0]?.words;

  test.each([
    ['Host a b', ['a', 'b']],
    ['Port=22', ['22']],
    ['Port = 22', ['22']],
    ['\tPort\t22 \r', ['22']],
    ['User "a b" # c', ['a b']],
    ['User \'a "b"\'', ['a "b"']],
    ['IdentityFile a#b', ['a#b']],
    ['IdentityFile a\\ b "c\\"d" e\\f', ['a b', 'c"d', 'e\\f']],
    ['ProxyCommand sh -c "a  b" # c', ['sh -c "a  b" # c']],
    ['ProxyCommand = nc %h', ['nc %h']],
  ])('%s', (line, expected) => expect(words(line)).toEqual(expected));

  test('comments and empty lines are none; an open quote is told with its line', () => {
    expect(parseConfigFile('\n# x\n  #y\n', 'config')).toEqual([]);
    expect(() => parseConfigFile('\nUser "open', '/etc/x')).toThrow(/\/etc\/x:2 /);
  });
});

describe('the configuration', () => {
  test('nothing is there: what was said, and the usual', () => {
    expect(resolveTarget('ops@hub:2200', { HOME: home })).toMatchObject({
      alias: 'hub',
      hostname: 'hub',
      port: 2200,
      user: 'ops',
      identityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(home, '.ssh', name)),
      identitiesNamed: false,
      knownHosts: expect.arrayContaining([join(home, '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts']),
      hostKeyName: '[hub]:2200',
      proxyJump: [],
      proxyCommand: null,
      identityAgent: null,
    });
  });

  test('what is said with the target wins over the configuration', () => {
    const config = 'Host hub\n  Port 1\n  User one\nMatch user two\n  HostName two.example';
    expect(resolve('hub', config)).toMatchObject({ port: 1, user: 'one', hostname: 'hub' });
    expect(resolve('two@hub:22', config)).toMatchObject({ port: 22, user: 'two', hostname: 'two.example' });
  });

  test('tokens, ~ and variables in paths', () => {
    const target = resolve(
      'hub',
      'HostName %h.example\nUser ops\nIdentityFile ~/.ssh/%r@%h-%n-%p-%%\nIdentityFile ${KEYS}/x\nUserKnownHostsFile %d/known ${NOT_SET}/y',
      { KEYS: '/keys' },
    );
    expect(target.identityFiles).toEqual([`${home}/.ssh/ops@hub.example-hub-22-%`, '/keys/x']);
    expect(target.knownHosts.slice(0, 2)).toEqual([`${home}/known`, '${NOT_SET}/y']);
  });

  test('names of host keys', () => {
    expect(resolve('HUB', 'HostName Hub.Example').hostKeyName).toBe('hub.example');
    expect(resolve('hub', 'Port 23').hostKeyName).toBe('[hub]:23');
    expect(resolve('hub', 'Port 23\nHostKeyAlias The-Hub').hostKeyName).toBe('the-hub');
    expect(resolve('[2001:DB8::1]:23', '').hostKeyName).toBe('[2001:db8::1]:23');
  });

  test('the agent', () => {
    const env = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };
    const agent = (config: string) => resolve('hub', config, env).identityAgent;
    expect(agent('')).toBe('/run/agent');
    expect(agent('IdentityAgent SSH_AUTH_SOCK')).toBe('/run/agent');
    expect(agent('IdentityAgent $OTHER')).toBe('/run/other');
    expect(agent('IdentityAgent ~/agent')).toBe(join(home, 'agent'));
    expect(agent('IdentityAgent none')).toBe(null);
  });

  test('Include: relative to ~/.ssh, sorted, nothing of it leaks out of its block', () => {
    writeFileSync(join(home, '.ssh', 'b.conf'), 'User b\n');
    writeFileSync(join(home, '.ssh', 'a.conf'), 'Host other\n  User other\nHost hub\n  User a\n');
    const config = 'Include *.conf\nPort 9\nHost never\n  Include a.conf\n  Port 1\n';
    expect(resolve('hub', config)).toMatchObject({ user: 'a', port: 9 });
    expect(resolve('x', config)).toMatchObject({ user: 'b', port: 9 });
  });

  test('a circle of files, a missing CHP_SSH_CONFIG and a bad port are refused', () => {
    const refused = expect.objectContaining({ code: 'BAD_INPUT' });
    expect(() => resolve('hub', 'Include config')).toThrow(refused);
    expect(() => resolveTarget('hub', { HOME: home, CHP_SSH_CONFIG: join(home, 'absent') })).toThrow(refused);
    expect(() => resolve('hub', 'Port many')).toThrow(refused);
    expect(() => resolve('hub', 'Port')).toThrow(refused);
  });
});

describe('routes', () => {
  const route = (target: string, config: string) => {
    writeFileSync(join(home, '.ssh', 'config'), config);
    return routeTo(target, { HOME: home }).map(({ alias }) => alias);
  };

  test('hops come first, each by its own configuration', () => {
    const config =
      'Host hub\n ProxyJump a,ops@b:23\nHost a\n ProxyJump outer\nHost b\n ProxyJump never\nHost *\n User u\n';
    expect(route('hub', config)).toEqual(['outer', 'a', 'b', 'hub']);
  });

  test('ProxyJump for all hosts leaves the hop itself out', () => {
    expect(route('hub', 'ProxyJump gate')).toEqual(['gate', 'hub']);
  });

  test('a circle is refused', () => {
    expect(() => route('a', 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n')).toThrow(/circle/);
  });
});
