import { expect, test } from 'vitest';
import { checkHubArgs, type HubArgs, hubProblems } from '../../../src/stacks/args/hub.ts';
import { hostImportId, parseHostId } from '../../../src/stacks/provider/import-id.ts';

const good: HubArgs = {
  tenant: 'smith',
  host: 'ops@[fd00::1]:22',
  root: '/var/lib/chp',
  manager: 'systemd',
  nodeDigest: 'a'.repeat(64),
  nodeArchive: '/tmp/a.tar.zst',
  agentDigest: 'b'.repeat(64),
  agentPath: '/tmp/agent.mjs',
  firewallPorts: [22],
  packages: ['fail2ban'],
};

test('good inputs have no problem', () => {
  expect(hubProblems(good)).toEqual([]);
  expect(hubProblems({ ...good, firewallPorts: null, packages: [], rotation: 3 })).toEqual([]);
});

test.each<[keyof HubArgs, unknown]>([
  ['tenant', 'Smith'],
  ['tenant', undefined],
  ['host', ''],
  ['host', '-oProxyCommand=x'],
  ['host', 'a b'],
  ['root', 'var/lib/chp'],
  ['root', '/'],
  ['root', '/var/../etc'],
  ['root', '/var/lib/chp\n'],
  ['root', undefined],
  ['manager', 'launchd'],
  ['nodeDigest', 'A'.repeat(64)],
  ['agentDigest', undefined],
  ['firewallPorts', [0]],
  ['firewallPorts', [22.5]],
  ['packages', ['fail2ban; rm -rf /']],
  ['packages', ['-o']],
  ['rotation', -1],
])('%s = %j is refused by name', (property, value) => {
  const args = { ...good, [property]: value } as HubArgs;
  expect(hubProblems(args).map((problem) => problem.property)).toEqual([property]);
  expect(() => checkHubArgs(args)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});

test('an id says where a host is', () => {
  const address = { tenant: 'smith', host: 'ops@hub.example:2222', root: '/home/ops/.chp/hub' };
  expect(parseHostId(hostImportId(address))).toEqual(address);
  expect(parseHostId('smith@local')).toEqual({ tenant: 'smith', host: 'local', root: '/var/lib/chp' });
});

test.each(['smith', '@local', 'smith@', 'smith@local#relative', 'Smith@local', ''])('"%s" is no id of a host', (id) => {
  expect(() => parseHostId(id)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});
