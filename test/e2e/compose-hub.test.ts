import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { until } from '../integration/host-agent/support.ts';
import { AgentHost } from '../support/agent-host.ts';
import { Chp } from '../support/chp.ts';
import { dockerTransport } from '../support/docker-transport.ts';

/** A hub with systemd and Docker: a tenant in containers, over SSH, beside one in units. */
let hosts: TestHosts;
let host: TestHost;
let chp: Chp;
let before: string;

const on = async (command: string): Promise<string> => (await host.exec('sh', '-c', command)).stdout.trim();
/** Everything of the host that chp could leave behind. */
const listing = (): Promise<string> =>
  on(`find /etc /home /opt /srv /usr /var/lib/chp -xdev -printf '%p %m %u %g %y\\n' 2>/dev/null | grep -vE '^(/etc|/etc/systemd/system(/multi-user.target.wants)?|/home/ops/.cache.*) ' | sort
getent passwd; getent group; systemctl list-unit-files --no-legend | sort; nft list tables
docker ps -aq; docker images -q; docker volume ls -q; docker network ls --format '{{.Name}}'`);

beforeAll(async () => {
  hosts = await startHosts(1, { docker: true });
  host = hosts.hosts[0] as TestHost;
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  before = await listing();
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

const create = (name: string, ...flags: string[]) => [
  'tenant',
  'create',
  name,
  '--host',
  host.alias,
  '--model',
  'demo',
  '--accept-new',
  ...flags,
];

test('a Docker that does not answer, or an image that is not there, is said before anything changes', async () => {
  await on('systemctl stop docker.socket docker');
  const silent = await chp.json(create('smith', '--manager', 'compose'), { code: 7 });
  expect(silent).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringContaining('Docker does not answer') });
  await on('systemctl start docker');
  const missing = await chp.json(create('smith', '--manager', 'compose', '--image', 'debian:none'), { code: 7 });
  expect(missing).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringContaining('no image debian:none') });
  expect(missing.next.join()).toContain('docker pull debian:none');
  expect(await chp.json(['tenant', 'list'])).toEqual([]);
  expect(await listing()).toBe(before);
});

test('create ends with an agent turn through a container; a second one runs in units beside it', async () => {
  const created = await chp.json(create('smith', '--manager', 'compose', '--port', '18789'));
  expect(created).toMatchObject({ manager: 'compose', applied: { outcome: 'committed' } });
  expect(created.applied.checks.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  expect((await chp.json(create('jones', '--port', '18889'))).manager).toBe('systemd');
  for (const name of ['smith', 'jones'])
    expect((await chp.json(['tenant', 'plan', name, '--exit-code'])).empty).toBe(true);
  expect(await on('docker ps --format "{{.Names}}" | sort')).toBe('chp-smith.demo-model\nchp-smith.gateway');
  expect(await on('systemctl list-units --plain --no-legend "chp-*.service" | cut -d" " -f1 | sort')).toBe(
    ['chp-firewall.service', 'chp-jones-demo-model.service', 'chp-jones-gateway.service'].join('\n'),
  );
});

test('a secret is in its process, and nowhere that others look', async () => {
  const canary = 'canary-4c7d21e9b0aa-value';
  await chp.json(['secret', 'set', 'smith', 'WEATHER_KEY'], { input: canary });
  const holders = `for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/environ 2>/dev/null | grep -qxF WEATHER_KEY=${canary} && ps -o user:20= -p \${p#/proc/}; done; true`;
  expect(await on(holders)).toBe('chp-smith');
  const told = `docker inspect $(docker ps -aq); docker logs chp-smith.gateway 2>&1; docker exec chp-smith.gateway /bin/env; ps -eo args ww; journalctl --no-pager; cat /var/lib/chp/tenants/smith/run/compose.yaml`;
  expect(await on(told)).not.toContain(canary);
  expect(await on(`grep -rlF ${canary} /etc /var/lib/chp /var/lib/docker/containers /var/log /home /tmp`)).toBe(
    '/var/lib/chp/tenants/smith/credentials/WEATHER_KEY',
  );
  const peek = await host.exec(
    'setpriv',
    '--reuid=chp-jones',
    '--regid=chp-jones',
    '--init-groups',
    'cat',
    '/var/lib/chp/tenants/smith/credentials/WEATHER_KEY',
  );
  expect(peek.stderr).toContain('Permission denied');
});

test('a hand edit is drift and is mended; exec and logs reach the tenant', async () => {
  await on('docker stop chp-smith.gateway; docker image rm -f chp-base; rm /var/lib/chp/tenants/smith/tenant.json');
  const plan = await chp.json(['tenant', 'plan', 'smith', '--exit-code'], { code: 9 });
  expect(plan.infrastructure).toHaveLength(1);
  await chp.json(['tenant', 'apply', 'smith']);
  expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  expect((await chp.run(['exec', 'smith', '--', 'id', '-un'])).stdout.trim()).toBe('chp-smith');
  expect((await chp.json(['logs', 'smith', 'gateway', '-n', '20'])).lines.length).toBeGreaterThan(0);
});

test('a manager can’t be changed under a tenant', async () => {
  const document = (await chp.run(['tenant', 'export', 'smith'])).stdout.replace(
    'manager: compose',
    'manager: systemd',
  );
  const error = await chp.json(['tenant', 'apply', 'smith', '-f', '-'], { code: 4, input: document });
  expect(error).toMatchObject({ code: 'CONFLICT', why: expect.stringContaining('manager was compose') });
});

test('destroy leaves the host as it was', async () => {
  for (const name of ['smith', 'jones']) await chp.json(['tenant', 'destroy', name, '--yes']);
  expect(await listing()).toBe(before);
});

test('a cut activation: systemd’s timer puts it back, and so does the boot after a power cut', async () => {
  const agent = await AgentHost.create('demo', {
    transport: dockerTransport(host.id),
    manager: 'compose',
    root: '/var/lib/chp',
  });
  const first = await agent.generation();
  expect((await agent.apply(first)).outcome).toBe('committed');
  const powerCut = () => promisify(execFile)('docker', ['restart', '--time', '0', host.id]);
  const next = (prefix: string) => agent.generation({ config: { messages: { messagePrefix: prefix } } });
  const status = () =>
    agent
      .client()
      .status('demo')
      .catch(() => null);
  const putBack = async () => {
    await until(async () => (await status())?.interrupted === null, 120_000);
    expect((await status())?.current).toBe(first.signed.digest);
    const checks = await agent.client().check('demo');
    expect(checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  };
  await expect(agent.apply(await next('a'), { failpoint: 'kill:restarted:after' })).rejects.toThrow();
  expect(await on('systemctl list-timers --all --no-legend "chp-demo-watch*"')).toContain('chp-demo-watch.timer');
  await putBack();
  await until(async () => (await on('systemctl list-units --all --no-legend "chp-demo-watch*"')) === '');
  await expect(agent.apply(await next('b'), { failpoint: 'kill:switched:after' })).rejects.toThrow();
  await powerCut();
  await putBack();
  // Without a cut activation Docker alone brings everything back.
  await powerCut();
  await until(async () => (await status())?.services.every(({ active }) => active) ?? false);
  await putBack();
  await agent[Symbol.asyncDispose]();
  expect(await listing()).toBe(before);
});
