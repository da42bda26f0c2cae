import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sshTransport } from '../../src/adapters/ssh/transport.ts';
import { destroyHub, importHub, previewHub, upHub } from '../../src/stacks/run/hub.ts';
import { startHosts, type TestHosts } from '../hosts/hosts.ts';
import { HubStack } from '../support/hub-stack.ts';

/** The base of a hub as a Pulumi resource, on real systemd over real SSH. */
let hosts: TestHosts;
let hub: HubStack;
let before: string;

const quiet = () => {};
const on = (command: string, index = 0) => hosts.hosts[index]?.exec('sh', '-c', command).then(({ stdout }) => stdout);
const listing = async () =>
  (await on(
    'find /etc /home /opt /usr/local /var/lib -xdev -not -path "/var/lib/systemd/*" -printf "%p %m %u %g %y\n" | sort; getent passwd; getent group; systemctl list-unit-files --no-legend | sort; nft list ruleset',
  )) ?? '';

beforeAll(async () => {
  hosts = await startHosts(2);
  const [first, second] = hosts.hosts.map(({ alias }) => alias);
  // A second name of the first host.
  const config = await readFile(hosts.sshConfig, 'utf8');
  const [block = ''] = config.split('\n\n');
  await writeFile(hosts.sshConfig, `${config}\n\n${block.replace(`Host ${first}`, 'Host moved')}\n`);
  hub = await HubStack.create(
    { host: first as string, root: '/var/lib/chp', manager: 'systemd', firewallPorts: [22] },
    { CHP_SSH_CONFIG: hosts.sshConfig },
  );
  for (const host of [first, second, 'moved'])
    await (await sshTransport(host as string, { env: hub.options.env, acceptNew: true })).close();
  before = await listing();
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
});

test('up makes user, folders, keys and firewall; the next preview is empty', async () => {
  const identity = await upHub(hub.args, hub.options, quiet);
  expect(await on('getent passwd chp-demo')).toContain('/usr/sbin/nologin');
  expect(await on('stat -c "%U %a" /var/lib/chp/tenants/demo/keys /var/lib/chp/tenants/demo/keys/identity.age')).toBe(
    'root 700\nroot 600\n',
  );
  expect(await on('cat /var/lib/chp/tenants/demo/keys/identity.age')).toBe(`${identity.ageIdentity}\n`);
  expect(await on('nft list table inet chp')).toContain('22');
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test.each([
  ['the user was removed', 'userdel chp-demo', /user chp-demo/],
  ['the firewall was taken down', 'nft delete table inet chp', /firewall rules/],
  ['the firewall unit was removed', 'rm /etc/systemd/system/chp-firewall.service', /chp-firewall\.service/],
  ['a key was opened', 'chmod 644 /var/lib/chp/tenants/demo/keys/identity.age', /identity\.age/],
])('drift is seen and mended: %s', async (_, damage, what) => {
  await on(damage);
  const changes = await previewHub(hub.args, hub.options);
  expect(changes).toMatchObject([{ op: 'update' }]);
  expect(changes[0]?.paths.join('\n')).toMatch(what);
  await upHub(hub.args, hub.options, quiet);
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test('another address of the same host is an update; another host is refused', async () => {
  await on('echo memories > /var/lib/chp/tenants/demo/state/notes');
  expect(await previewHub({ ...hub.args, host: 'moved' }, hub.options)).toMatchObject([
    { op: 'update', paths: ['host'] },
  ]);
  await upHub({ ...hub.args, host: 'moved' }, hub.options, quiet);
  const other = hosts.hosts[1]?.alias as string;
  await expect(upHub({ ...hub.args, host: other }, hub.options, quiet)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await on('cat /var/lib/chp/tenants/demo/state/notes')).toBe('memories\n');
  await upHub(hub.args, hub.options, quiet);
});

test('a host that is away is told as such, and nothing is forgotten', async () => {
  const away = { ...hub.args, host: 'ops@127.0.0.1:1' };
  await expect(upHub(away, hub.options, quiet)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test('the host is imported into an empty state by what it holds', async () => {
  const options = { ...hub.options, env: { ...hub.options.env, CHP_PULUMI_BACKEND_URL: `file://${hub.dir}` } };
  await importHub(hub.args, options);
  const changes = await previewHub(hub.args, options);
  expect(changes).toMatchObject([{ op: 'create' }, { op: 'update', resource: 'chp:index:Host::host' }]);
});

test('tenants of one host open ports of their own; who wants no firewall any more takes away its own alone', async () => {
  const open = async () => /elements = \{ (.*?) \}/s.exec((await on('nft list set inet chp open')) ?? '')?.[1];
  const other = { ...hub.args, tenant: 'other', firewallPorts: [22, 8080] };
  await upHub(other, hub.options, quiet);
  expect(await open()).toBe('22, 8080');
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
  await upHub({ ...hub.args, firewallPorts: null }, hub.options, quiet);
  expect(await open()).toBe('22, 8080');
  await upHub(hub.args, hub.options, quiet);
  await destroyHub('other', hub.options);
  expect(await open()).toBe('22');
  await upHub({ ...hub.args, firewallPorts: null }, hub.options, quiet);
  expect(await on('nft list ruleset; ls /etc/systemd/system/chp-firewall.service 2>&1 || true')).toContain('No such');
  expect(await on('nft list ruleset')).toBe('');
  expect(await previewHub({ ...hub.args, firewallPorts: null }, hub.options)).toEqual([]);
});

test('destroy leaves the host as it was', async () => {
  await destroyHub('demo', hub.options);
  expect(await listing()).toBe(before);
});
