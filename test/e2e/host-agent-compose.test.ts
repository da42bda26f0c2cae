import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentOf, processesOf } from '../../src/services/host-agent/processes.ts';
import { composeHost, docker } from '../hosts/compose.ts';
import { pidOf, seen, until } from '../integration/host-agent/support.ts';
import type { AgentHost, Made } from '../support/agent-host.ts';

/** The host agent with Docker Compose, with the real engine and the real gateway, on a machine without systemd. */
// A run that was killed leaves containers, which keep their names.
const TENANT = `compose-${randomBytes(3).toString('hex')}`;
const CANARY = 'canary-93d1f7a0-value';
let host: AgentHost;
let first: Made;

beforeAll(async () => {
  host = await composeHost(TENANT);
  first = await host.generation({ secrets: { CANARY_KEY: CANARY } });
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
});

const containers = async (): Promise<string[]> =>
  (await docker('ps', '-aq', '--filter', `label=chp.tenant=${host.layout.dir}`)).split('\n').filter(Boolean);
const inspect = async (service: string) => JSON.parse(await docker('inspect', `chp-${TENANT}.${service}`))[0];
let count = 0;
const next = () =>
  host.generation({ secrets: { CANARY_KEY: CANARY }, config: { messages: { messagePrefix: `${++count}` } } });
const passes = async () => {
  const checks = await host.client().check(host.tenant);
  expect(checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
};

test('a first activation ends with a turn through a hardened container of its own user', async () => {
  const result = await host.apply(first);
  expect(result).toMatchObject({ outcome: 'committed' });
  expect(seen(result)).toEqual({ 'gateway.health': 'pass', 'gateway.version': 'pass', 'agent.turn': 'pass' });
  const { HostConfig, Config } = await inspect('gateway');
  const uid = execFileSync('id', ['-u', `chp-${TENANT}`], { encoding: 'utf8' }).trim();
  expect(Config.User).toMatch(new RegExp(`^${uid}:`));
  expect(HostConfig).toMatchObject({
    CapDrop: ['ALL'],
    CapAdd: null,
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    ReadonlyRootfs: true,
    Init: true,
    Memory: 2048 * 1024 * 1024,
    PidsLimit: 512,
    NetworkMode: 'host',
    RestartPolicy: { Name: 'always' },
  });
  const pid = await pidOf(host, 'gateway');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(status).toMatch(/^CapEff:\s+0+$/m);
  expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s`, 'm'));
  expect(status).toMatch(/^Seccomp:\s+2$/m);
});

test('a container sees its own state alone, writes nowhere else, and never the engine', async () => {
  const script = [
    `touch ${host.layout.state}/.probe && rm ${host.layout.state}/.probe && echo state`,
    `touch ${host.layout.config} ${host.layout.dir}/x ${host.root}/x /x /etc/x 2>/dev/null && echo elsewhere`,
    `ls ${host.layout.keys} ${host.layout.credentials} ${host.layout.run} 2>/dev/null`,
    'ls /var/run/docker.sock /run/docker.sock /home /root 2>/dev/null; id -un',
  ].join('\n');
  const seenThere = await docker('exec', `chp-${TENANT}.gateway`, '/bin/sh', '-c', `${script}; true`);
  expect(seenThere.trim().split('\n')).toEqual(['state', `chp-${TENANT}`]);
});

test('everything listens on loopback only', async () => {
  const pids = processesOf(host.root, host.tenant);
  expect(pids.length).toBeGreaterThanOrEqual(2);
  const sockets = new Set(
    pids.flatMap((pid) =>
      execFileSync('sh', ['-c', `ls -l /proc/${pid}/fd 2>/dev/null | grep -o 'socket:.*' || true`], {
        encoding: 'utf8',
      })
        .split('\n')
        .map((line) => /\[(\d+)\]/.exec(line)?.[1]),
    ),
  );
  const local = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9]))
      .map((fields) => fields[1]?.split(':')[0]),
  );
  expect(local.length).toBeGreaterThanOrEqual(2);
  expect(local.filter((at) => at !== '0100007F' && at !== '00000000000000000000000001000000')).toEqual([]);
});

test('secrets: in the memory of their process, and in a file that only it can read', async () => {
  const files = execFileSync(
    'sh',
    ['-c', `grep -rlF ${CANARY} ${host.layout.dir} ${host.root}/agent ${host.root}/objects || true`],
    { encoding: 'utf8' },
  );
  const file = join(host.layout.credentials, 'CANARY_KEY');
  expect(files.trim()).toBe(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(host.layout.credentials)).toMatchObject({ uid: 0 });
  expect(statSync(host.layout.credentials).mode & 0o777).toBe(0o700);
  const told = [
    await docker('inspect', ...(await containers())),
    await docker('logs', `chp-${TENANT}.gateway`),
    await docker('exec', `chp-${TENANT}.gateway`, '/usr/bin/env'),
    execFileSync('ps', ['-eo', 'args', 'ww'], { encoding: 'utf8' }),
  ];
  for (const text of told) expect(text).not.toContain(CANARY);
  const holders = processesOf(host.root, host.tenant).filter((pid) => environmentOf(pid)?.get('CANARY_KEY') === CANARY);
  expect(holders).toEqual([await pidOf(host, 'gateway')]);
});

test('again: converged, and nothing is restarted', async () => {
  const before = await containers();
  expect((await host.apply(first)).outcome).toBe('converged');
  expect(await containers()).toEqual(before);
});

test('a changed config restarts the gateway and nothing else; the log goes on', async () => {
  const [gateway, model] = [await pidOf(host, 'gateway'), await pidOf(host, 'demo-model')];
  expect((await host.apply(await next())).outcome).toBe('committed');
  expect(await pidOf(host, 'gateway')).not.toBe(gateway);
  expect(await pidOf(host, 'demo-model')).toBe(model);
  const lines: string[] = [];
  const { signal } = new AbortController();
  const log = { service: 'gateway', lines: 1000, follow: false };
  await host.client().logs(host.tenant, log, (line) => lines.push(line), signal);
  expect(lines.filter((line) => line.includes(`listening on ws://127.0.0.1:${host.port} `))).toHaveLength(2);
});

test('a skill reaches the gateway without a restart', async () => {
  const before = await pidOf(host, 'gateway');
  const skill = '---\nname: garden\ndescription: Waters the garden.\n---\nWater it.\n';
  const made = await host.generation({
    secrets: { CANARY_KEY: CANARY },
    config: { messages: { messagePrefix: `${count}` } },
    skills: { garden: skill },
  });
  expect(seen(await host.apply(made))['skill.garden']).toBe('pass');
  expect(await pidOf(host, 'gateway')).toBe(before);
});

test('a container that was stopped or removed by hand is not converged, and is mended', async () => {
  await host.apply(first);
  await docker('stop', `chp-${TENANT}.gateway`);
  expect((await host.client().status(host.tenant)).services).toMatchObject([
    { name: 'demo-model', active: true },
    { name: 'gateway', active: false, pid: null },
  ]);
  expect((await host.apply(first)).outcome).toBe('committed');
  await docker('rm', '-f', `chp-${TENANT}.demo-model`);
  expect((await host.apply(first)).outcome).toBe('committed');
  await passes();
});

test('a compose file that was edited by hand is drift, and is mended', async () => {
  const file = join(host.layout.run, 'compose.yaml');
  const text = readFileSync(file, 'utf8');
  execFileSync('sed', ['-i', 's/read_only: true$/read_only: false/', file]);
  expect((await host.client().status(host.tenant)).drift.files).toEqual([{ path: file, problem: 'changed' }]);
  expect((await host.apply(first)).outcome).toBe('committed');
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a new image of the same name is drift, and what runs is made anew from it', async () => {
  const old = (await inspect('gateway')).Image;
  const from = await docker('create', 'chp-base', '/bin/true');
  await docker('commit', '--message', 'patched', from.trim(), 'chp-base');
  await docker('rm', from.trim());
  expect((await host.client().status(host.tenant)).drift.files).toEqual([
    { path: 'image chp-base', problem: 'changed' },
  ]);
  expect((await host.apply(first)).outcome).toBe('committed');
  expect((await inspect('gateway')).Image).not.toBe(old);
  await passes();
});

test('a gateway that dies is started again', async () => {
  const dead = await pidOf(host, 'gateway');
  if (!dead) throw new Error('it does not run');
  process.kill(dead, 'SIGKILL');
  await until(async () => ![dead, null].includes(await pidOf(host, 'gateway')));
  await passes();
  const [, gateway] = (await host.client().status(host.tenant)).services;
  expect(gateway?.restarts).toBe(1);
});

test('a config that the gateway refuses: the old one keeps running', async () => {
  const before = await pidOf(host, 'gateway');
  await expect(host.apply(await host.generation({ config: { noSuchKey: 1 } }))).rejects.toMatchObject({
    code: 'CONFIG_REFUSED',
  });
  expect(await pidOf(host, 'gateway')).toBe(before);
  await passes();
});

test('a runtime that fails is put back, and its last words are kept', async () => {
  // Where it is tried beside the old one it is as if memory had run short: nothing is known of it then.
  const tried = `if (process.env.CLAWDBOT_STATE_DIR.includes('/warm/')) process.kill(process.pid, 'SIGKILL')`;
  const result = await host.apply(await host.brokenRuntime(`${tried}; console.error('my last words')`));
  expect(result.outcome).toBe('reverted');
  const lines: string[] = [];
  const log = { service: 'gateway', lines: 1000, follow: false };
  await host.client().logs(host.tenant, log, (line) => lines.push(line), new AbortController().signal);
  expect(lines.join('\n')).toContain('my last words');
  await passes();
});

test.each(['configured:after', 'restarted:before', 'restarted:after', 'checked:after'])(
  'kill -9 of the agent at %s: whole on one side, and answering',
  async (point) => {
    const { current } = await host.client().status(host.tenant);
    await expect(host.apply(await next(), { failpoint: `kill:${point}` })).rejects.toThrow();
    await host.client().recover(host.tenant);
    const status = await host.client().status(host.tenant);
    expect(status).toMatchObject({ interrupted: null, current, drift: { config: [], files: [] } });
    await passes();
  },
);

const watchers = (): string =>
  spawnSync('pgrep', ['-f', `agent.mjs watch --root ${host.root} `], { encoding: 'utf8' }).stdout.trim();

test('with nobody to call it, the host finishes by itself', async () => {
  const { current } = await host.client().status(host.tenant);
  await expect(host.apply(await next(), { failpoint: 'kill:restarted:after' })).rejects.toThrow();
  expect(watchers()).not.toBe('');
  await until(async () => (await host.client().status(host.tenant)).interrupted === null);
  expect((await host.client().status(host.tenant)).current).toBe(current);
  await until(() => watchers() === '');
  await passes();
});

test('killed at the first activation: nothing runs, and the next one does', async () => {
  await host.client().remove(host.tenant);
  await host.bootstrap();
  await expect(host.apply(first, { failpoint: 'kill:restarted:after' })).rejects.toThrow();
  await host.client().recover(host.tenant);
  expect((await host.client().status(host.tenant)).current).toBeNull();
  expect(await containers()).toEqual([]);
  expect((await host.apply(first)).outcome).toBe('committed');
});

test('remove: no container, no process, no file of the tenant', async () => {
  await host.client().remove(host.tenant);
  expect(await containers()).toEqual([]);
  expect(processesOf(host.root, host.tenant)).toEqual([]);
  // One that still watches the last activation must not make the folder again.
  await until(() => watchers() === '');
  expect(existsSync(host.layout.dir)).toBe(false);
  expect(readdirSync(join(host.root, 'trees'))).toEqual([host.bundle.node.digest]);
  expect(await docker('network', 'ls', '--format', '{{.Name}}')).not.toContain(TENANT);
});
