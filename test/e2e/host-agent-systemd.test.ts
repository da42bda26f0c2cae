import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATION_STEPS, type ActivationStep } from '../../src/core/agent-protocol.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { pidOf, until } from '../integration/host-agent/support.ts';
import { AgentHost, type Made } from '../support/agent-host.ts';
import { dockerTransport } from '../support/docker-transport.ts';

const CANARY = 'canary-51b7e0d9-value';
const GATEWAY = 'chp-demo-gateway.service';
const UNIT_FILE = `/etc/systemd/system/${GATEWAY}`;

let hosts: TestHosts;
let box: TestHost;
let host: AgentHost;
let first: Made;
let before: string;

const listing = async (): Promise<string> =>
  (
    await box.exec(
      'sh',
      '-c',
      'ls /etc/systemd/system /etc/systemd/system/*.wants; ls /run/systemd/transient 2>/dev/null; systemctl list-units --all --plain --no-legend "chp*"',
    )
  ).stdout;

beforeAll(async () => {
  hosts = await startHosts(1);
  const [started] = hosts.hosts;
  if (!started) throw new Error('no host');
  box = started;
  before = await listing();
  host = await AgentHost.create('demo', {
    transport: dockerTransport(box.id),
    manager: 'systemd',
    root: '/var/lib/chp',
  });
  first = await host.generation({ secrets: { CANARY_KEY: CANARY } });
});
afterAll(() => hosts[Symbol.asyncDispose]());

const passes = async () => {
  const checks = await host.client().check(host.tenant);
  expect(checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
};

test('a first activation ends with a turn through a hardened unit of its own user', async () => {
  const result = await host.apply(first);
  expect(result.outcome).toBe('committed');
  expect(result.checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  const { stdout } = await box.exec(
    'systemctl',
    'show',
    '--property=User,NoNewPrivileges,ProtectSystem,MemoryMax,CapabilityBoundingSet',
    GATEWAY,
  );
  expect(stdout.trim().split('\n').sort()).toEqual([
    'CapabilityBoundingSet=',
    `MemoryMax=${2048 * 1024 * 1024}`,
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'User=chp-demo',
  ]);
  const security = await box.exec('systemd-analyze', 'security', '--no-pager', GATEWAY);
  const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(security.stdout)?.[1]);
  expect(exposure).toBeLessThan(2.5);
  expect((await host.apply(first)).outcome).toBe('converged');
});

test('secrets: only in the memory of their process', async () => {
  const hunt = `grep -rlF ${CANARY} /etc /var/lib/chp/tenants /var/lib/chp/agent /var/lib/chp/objects /var/log /run/systemd /tmp 2>/dev/null; journalctl --no-pager | grep -cF ${CANARY}; ps -eo args ww | grep -F ${CANARY} | grep -vF grep; systemctl show ${GATEWAY} | grep -F ${CANARY}`;
  expect((await box.exec('sh', '-c', hunt)).stdout.trim()).toBe('0');
  const holders = `for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/environ 2>/dev/null | grep -qF CANARY_KEY=${CANARY} && echo \${p#/proc/}; done; true`;
  expect((await box.exec('sh', '-c', holders)).stdout.trim()).toBe(String(await pidOf(host, 'gateway')));
});

test('a unit that was edited by hand is drift, and is mended', async () => {
  await box.exec('sed', '-i', 's/^NoNewPrivileges=yes/NoNewPrivileges=no/', UNIT_FILE);
  expect((await host.client().status(host.tenant)).drift.files).toEqual([{ path: UNIT_FILE, problem: 'changed' }]);
  expect((await host.apply(first)).outcome).toBe('committed');
  expect((await box.exec('cat', UNIT_FILE)).stdout).toContain('NoNewPrivileges=yes');
});

test('a stopped gateway is not converged', async () => {
  await box.exec('systemctl', 'stop', GATEWAY);
  expect((await host.apply(first)).outcome).toBe('committed');
  await passes();
});

let count = 0;
const next = () => host.generation({ config: { messages: { messagePrefix: `${++count}` } } });
const CONFIRMED = ACTIVATION_STEPS.indexOf('confirmed');
const isKept = (step: ActivationStep, when: string) =>
  ACTIVATION_STEPS.indexOf(step) > CONFIRMED || (step === 'confirmed' && when === 'after');

describe.each(ACTIVATION_STEPS)('kill -9 of the agent at "%s"', (step) => {
  test.each(['before', 'after'])('%s it: whole on one side, and answering', async (when) => {
    const old = (await host.client().status(host.tenant)).current;
    const made = await next();
    await expect(host.apply(made, { failpoint: `kill:${step}:${when}` })).rejects.toThrow();
    await host.client().recover(host.tenant);
    const status = await host.client().status(host.tenant);
    expect(status.interrupted).toBeNull();
    expect(status.current).toBe(isKept(step, when) ? made.signed.digest : old);
    expect(status.drift).toEqual({ config: [], files: [] });
    await passes();
  });
});

const watchUnits = async (): Promise<string> =>
  (await box.exec('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'chp-demo-watch*')).stdout.trim();

test('with nobody to call it, a timer puts back what was cut, and is gone afterwards', async () => {
  await host.apply(first);
  await expect(host.apply(await next(), { failpoint: 'kill:restarted:after' })).rejects.toThrow();
  expect(await watchUnits()).toContain('chp-demo-watch.timer');
  await until(async () => (await host.client().status(host.tenant)).interrupted === null, 90_000);
  expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
  await until(async () => (await watchUnits()) === '');
  await passes();
});

test('power cut in the middle: the boot puts back what was cut', async () => {
  await expect(host.apply(await next(), { failpoint: 'kill:switched:after' })).rejects.toThrow();
  await promisify(execFile)('docker', ['restart', '--time', '0', box.id]);
  // While it boots, systemd does not answer.
  const status = () =>
    host
      .client()
      .status(host.tenant)
      .catch(() => null);
  await until(async () => (await status())?.interrupted === null, 90_000);
  expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
  await passes();
});

test('logs come from the journal', async () => {
  const lines: string[] = [];
  await host
    .client()
    .logs(
      host.tenant,
      { service: 'gateway', lines: 5, follow: false },
      (line) => lines.push(line),
      new AbortController().signal,
    );
  expect(lines.join('\n')).toContain('chp-demo-gateway');
});

test('remove: units, timers and runtime are gone', async () => {
  await host.client().remove(host.tenant);
  expect(await listing()).toBe(before);
  expect((await box.exec('sh', '-c', 'ls /var/lib/chp/tenants; ls /var/lib/chp/trees | wc -l')).stdout.trim()).toBe(
    '1',
  );
});
