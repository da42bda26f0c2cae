import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { listing } from '../hosts/listing.ts';
import { Chp } from '../support/chp.ts';

/** The life of a hub tenant on a fresh Debian host with real systemd, over real SSH, with the real gateway and Pulumi. */
let hosts: TestHosts;
let host: TestHost;
let chp: Chp;
let before: string;

beforeAll(async () => {
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  before = await listing(host);
});

afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

describe('a hub tenant over SSH', () => {
  test('an unknown host key is refused in a pipeline, and nothing is registered', async () => {
    const error = await chp.json(['tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo'], { code: 6 });
    expect(error.code).toBe('HOST_KEY_UNKNOWN');
    expect(error.message).toContain('SHA256:');
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
  });

  test('create ends with an agent turn answered', async () => {
    const created = await chp.json([
      'tenant',
      'create',
      'smith',
      '--host',
      host.alias,
      '--model',
      'demo',
      '--skill',
      'builtin:household',
      '--accept-new',
    ]);
    expect(created.manager).toBe('systemd');
    expect(created.applied.outcome).toBe('committed');
    const verdicts = Object.fromEntries(
      created.applied.checks.map((check: { id: string; verdict: string }) => [check.id, check.verdict]),
    );
    expect(verdicts).toMatchObject({ 'gateway.health': 'pass', 'agent.turn': 'pass', 'skill.household': 'pass' });
  });

  test('plan is empty afterwards; a duplicate is refused', async () => {
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
    const error = await chp.json(['tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo'], { code: 4 });
    expect(error.code).toBe('TENANT_EXISTS');
  });

  test('services run as their own user, hardened, with secrets nowhere in the clear', async () => {
    const { stdout: user } = await host.exec(
      'sh',
      '-c',
      'ps -o user:20= -p "$(systemctl show -P MainPID chp-smith-gateway)"',
    );
    expect(user.trim()).toBe('chp-smith');
    const { stdout: score } = await host.exec('systemd-analyze', 'security', 'chp-smith-gateway.service', '--no-pager');
    expect(Number(/level for \S+: ([\d.]+)/.exec(score)?.[1])).toBeLessThan(2.5);
    const { stdout: token } = await host.exec(
      'sh',
      '-c',
      `tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID chp-smith-gateway)/environ | sed -n 's/^CHP_GATEWAY_TOKEN=//p'`,
    );
    expect(token.trim().length).toBeGreaterThan(30);
    const { stdout: leaks } = await host.exec(
      'sh',
      '-c',
      `grep -rlF -- "$1" /etc /var/lib/chp /var/log /home 2>/dev/null; ps -eo args | grep -F -- "$1" | grep -v grep; journalctl --no-pager | grep -cF -- "$1"`,
      'sh',
      token.trim(),
    );
    expect(leaks.trim()).toBe('0');
    const { stdout: rules } = await host.exec('nft', 'list', 'table', 'inet', 'chp');
    expect(rules).toContain('policy drop');
  });

  test('a hand edit is drift; apply mends it', async () => {
    await host.exec(
      'sh',
      '-c',
      'echo tampered >> /var/lib/chp/tenants/smith/current/skills/household/SKILL.md; sed -i s/loopback/lan/ /var/lib/chp/tenants/smith/config/gateway.json; chmod 777 /var/lib/chp/agent/agent.mjs; systemctl stop chp-smith-gateway',
    );
    const plan = await chp.json(['tenant', 'plan', 'smith', '--exit-code'], { code: 9 });
    expect(plan.drift.files).toContainEqual(expect.objectContaining({ path: 'skills/household/SKILL.md' }));
    expect(plan.drift.config).toContainEqual(
      expect.objectContaining({ path: 'gateway.bind', owner: 'operator', live: 'lan' }),
    );
    expect(plan.drift.services).toEqual(['gateway']);
    expect(plan.infrastructure).toHaveLength(1);
    await chp.json(['tenant', 'apply', 'smith']);
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });

  test('a config that the gateway would refuse changes nothing', async () => {
    const { generation } = (await chp.json(['tenant', 'show', 'smith'])).record;
    const error = await chp.json(['config', 'set', 'smith', 'agents.defaults.nonsense', '1'], { code: 8 });
    expect(error.code).toBe('CONFIG_REFUSED');
    expect(error.why).toContain('nonsense');
    expect((await chp.json(['tenant', 'show', 'smith'])).record.generation).toBe(generation);
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });

  test('a secret is set, rotated and removed without ever being shown', async () => {
    const canary = 'canary-4f1d9c0b7a2e-value';
    await chp.json(['secret', 'set', 'smith', 'WEATHER_KEY'], { input: canary });
    const { stdout } = await host.exec(
      'sh',
      '-c',
      `tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID chp-smith-gateway)/environ | grep -c '^WEATHER_KEY=${canary}$'`,
    );
    expect(stdout.trim()).toBe('1');
    const shown = [
      await chp.run(['secret', 'list', 'smith', '--json']),
      await chp.run(['tenant', 'export', 'smith']),
      await chp.run(['audit', 'list', '--json']),
      await chp.run(['tenant', 'show', 'smith', '--json']),
    ];
    for (const { stdout: text, stderr } of shown) expect(text + stderr).not.toContain(canary);
    const { stdout: files } = await host.exec(
      'sh',
      '-c',
      `grep -rlF '${canary}' /etc /var/lib/chp /var/log /home || true`,
    );
    expect(files).toBe('');
    await chp.json(['secret', 'rm', 'smith', 'WEATHER_KEY', '--yes']);
    expect((await chp.json(['secret', 'list', 'smith'])).map((secret: { name: string }) => secret.name)).toEqual([
      'CHP_GATEWAY_TOKEN',
    ]);
  });

  test('exec and logs reach the host as the tenant', async () => {
    const result = await chp.run(['exec', 'smith', '--', 'id', '-un']);
    expect(result.stdout.trim()).toBe('chp-smith');
    expect((await chp.json(['logs', 'smith', 'gateway', '-n', '20'])).lines.length).toBeGreaterThan(0);
  });

  test('the audit chain holds', async () => {
    expect((await chp.json(['audit', 'verify'])).entries).toBeGreaterThan(5);
  });

  test('destroy leaves the host as it was', async () => {
    await chp.json(['tenant', 'destroy', 'smith', '--yes']);
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
    expect(await listing(host)).toBe(before);
  });
});

describe('hosts that can’t be a hub', () => {
  test('nothing listens: refused, said so, nothing registered', async () => {
    const error = await chp.json(['tenant', 'create', 'jones', '--host', 'ops@127.0.0.1:1', '--model', 'demo'], {
      code: 6,
    });
    expect(error).toMatchObject({ code: 'HOST_UNREACHABLE', why: expect.stringContaining('Nothing listens') });
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
  });

  test('a changed host key is refused loudly', async () => {
    await using other = await startHosts(1);
    const known = `${hosts.dir}/known_hosts_planted`;
    const { readFileSync, writeFileSync } = await import('node:fs');
    const pinned = readFileSync(`${chp.home}/known_hosts`, 'utf8').split('\n')[0] ?? '';
    writeFileSync(known, pinned.replace(/^\S+/, `[127.0.0.1]:${other.hosts[0]?.port}`));
    const config = readFileSync(other.sshConfig, 'utf8').replace(
      /UserKnownHostsFile .*/,
      `UserKnownHostsFile ${known}`,
    );
    writeFileSync(other.sshConfig, config);
    const error = await chp.json(
      ['tenant', 'create', 'jones', '--host', 'chp-host-1', '--model', 'demo', '--accept-new'],
      { code: 6, env: { CHP_SSH_CONFIG: other.sshConfig } },
    );
    expect(error.code).toBe('HOST_KEY_CHANGED');
    expect(error.why).toMatch(/SHA256:.*SHA256:/);
  });
});
