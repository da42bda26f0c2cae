import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { resolveTarget } from '../../../src/adapters/ssh/config.ts';
import { SshHome } from '../../support/ssh-home.ts';

/** What chp makes of a configuration is what ssh itself makes of it. */
const home = new SshHome();
afterAll(() => home[Symbol.dispose]());

mkdirSync(home.path('conf.d'));
home.write('conf.d/10-work.conf', 'Host *.work\n  User worker\n  Port 2200\nHost all-of-it\n  Port 2201\n');
home.write('conf.d/20-more.conf', 'Host db.work\n  IdentityFile ~/.ssh/db\nMatch user admin\n  Port 2202\n');
home.write('only-inside', 'HostName inside.example\nHost deeper\n  User deep\n');
home.write(
  'config',
  `# a comment
Include ${home.path('conf.d')}/*.conf ${home.path('absent')}
identityfile ~/.ssh/first   # another
HOST alias "with space" a? \t!ab
  hostname = 10.0.0.%h
  PORT=2222
  user "fa mily"
Host b*,c !bc
  User comma
Host bb !b*
  User never
Host inner
  Include ${home.path('only-inside')}
  IdentityFile ~/.ssh/inner
Host jump
  ProxyJump one,me@two:2222
  ProxyCommand never
Host command
  ProxyCommand sh -c "nc '%h' %p" # kept
  ProxyJump never
Host neither
  ProxyJump none
Match host 10.0.0.alias
  IdentitiesOnly yes
Match originalhost alias,other !user root
  ServerAliveInterval 7
Match all
  ServerAliveCountMax 9
Match final host 10.0.0.*
  ConnectTimeout 1m5s
Match exec "test %n = by-command"
  HostKeyAlias From-Command
Host known
  UserKnownHostsFile "${home.dir}/a b" ${home.dir}/c
  GlobalKnownHostsFile none
  IdentityFile "${home.dir}/key # one"
  IdentityFile ${home.dir}/key\\ two
Host *
  User everyone
  IdentityFile ~/.ssh/last
`,
);

/** Keyword → values, as `ssh -G` prints them. */
function asked(host: string): Map<string, string[]> {
  const text = execFileSync('ssh', ['-F', home.path('config'), '-G', host], {
    encoding: 'utf8',
    env: home.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found = new Map<string, string[]>();
  for (const line of text.trim().split('\n')) {
    const [, keyword = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    found.set(keyword, [...(found.get(keyword) ?? []), value]);
  }
  return found;
}

test.each([
  'alias',
  'ab',
  'ac',
  'bb',
  'bc',
  'c',
  'inner',
  'deeper',
  'jump',
  'command',
  'neither',
  'db.work',
  'admin@x.work',
  'all-of-it',
  'other',
  'root@other',
  'by-command',
  'known',
  'UPPER.example',
  'someone@elsewhere',
  'ssh://uri@elsewhere:2022',
])('%s', (host) => {
  const ssh = asked(host);
  const one = (keyword: string) => ssh.get(keyword)?.[0];
  const target = resolveTarget(host, { ...home.env, CHP_SSH_CONFIG: home.path('config') });
  expect({
    hostname: target.hostname.toLowerCase(),
    port: String(target.port),
    user: target.user,
    identityFiles: target.identityFiles,
    identitiesOnly: target.identitiesOnly ? 'yes' : 'no',
    proxyJump: target.proxyJump.join(',') || undefined,
    proxyCommand: target.proxyCommand ?? undefined,
    hostKeyAlias: one('hostkeyalias')?.toLowerCase(),
    alive: [String(target.aliveIntervalS ?? 0), String(target.aliveCountMax ?? 3)],
    timeout: String(target.connectTimeoutS ?? 'none'),
  }).toEqual({
    hostname: one('hostname')?.toLowerCase(),
    port: one('port'),
    user: one('user'),
    // ssh prints them before it looks for its own folder.
    identityFiles: ssh.get('identityfile')?.map((file) => file.replace(/^~/, home.dir)),
    identitiesOnly: one('identitiesonly'),
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand')?.replaceAll('%h', target.hostname).replaceAll('%p', String(target.port)),
    hostKeyAlias: target.hostKeyName === one('hostkeyalias')?.toLowerCase() ? target.hostKeyName : undefined,
    alive: [one('serveraliveinterval'), one('serveralivecountmax')],
    timeout: one('connecttimeout'),
  });
  if (host === 'known') expect(target.knownHosts.join(' ')).toBe(one('userknownhostsfile'));
});
