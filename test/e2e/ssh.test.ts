import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTIVATION_STEPS } from '../../src/core/agent-protocol.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { CutProxy } from '../support/cut-proxy.ts';
import { watchJournal } from '../support/journal-watch.ts';
import { Terminal } from '../support/terminal.ts';

/**
 * A hub whose login shell talks, behind a line that is cut at any moment: the host is whole on one side, the gateway
 * answers, the next run finishes. And what `chp exec`, `logs` and `ssh` do there.
 */
let hosts: TestHosts;
let host: TestHost;
let proxy: CutProxy;
let chp: Chp;
const TENANT = '/var/lib/chp/tenants/smith';
const SETTING = 'agents.defaults.timeoutSeconds';
const SETTLED_MS = 120_000;

beforeAll(async () => {
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  proxy = await CutProxy.start(host);
  const noise = `sed -i '1i echo Welcome home; echo "your disk is fine" >&2' /home/ops/.bashrc`;
  expect((await host.exec('sh', '-c', noise)).code).toBe(0);
  const config = readFileSync(hosts.sshConfig, 'utf8').replace(/Port \d+/, `Port ${proxy.port}`);
  // Both sides notice within 4 s that the other one fell silent.
  const alive = `printf 'ClientAliveInterval 2\\nClientAliveCountMax 2\\n' >/etc/ssh/sshd_config.d/alive.conf`;
  expect((await host.exec('sh', '-c', `${alive}; systemctl reload ssh`)).code).toBe(0);
  writeFileSync(hosts.sshConfig, `${config}\n  ServerAliveInterval 2\n  ServerAliveCountMax 2\n`);
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  await chp.json(['tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo', '--accept-new']);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

let wanted = 100;
/** Sets a value that was not there before. */
const setNext = () => set(++wanted);
const set = (value: number) => chp.run(['config', 'set', 'smith', SETTING, String(value), '--json']);

async function onHost(script: string): Promise<string> {
  return (await host.exec('bash', '-c', script)).stdout.trim();
}

/** Waits until no activation is open. @returns the value that runs */
async function atRest(): Promise<number> {
  proxy.heal();
  const last = () => onHost(`grep -v '^$' ${TENANT}/journal.jsonl | tail -n 1`);
  await expect.poll(last, { timeout: SETTLED_MS }).toContain('"end"');
  return JSON.parse(await onHost(`cat ${TENANT}/config/gateway.json`)).agents.defaults.timeoutSeconds;
}

/** At rest, link and config belong together, everything runs, and the gateway answers. @returns the value that runs */
async function settled(): Promise<number> {
  const value = await atRest();
  const { host: status } = await chp.json(['tenant', 'show', 'smith']);
  expect(status).toMatchObject({ interrupted: null, drift: { config: [], files: [] } });
  expect(status.services.every(({ active }: { active: boolean }) => active)).toBe(true);
  const greeting = () =>
    onHost('exec 3<>/dev/tcp/127.0.0.1/18789; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; head -n 1 <&3');
  await expect.poll(greeting, { timeout: SETTLED_MS }).toContain('200 OK');
  return value;
}

describe('a line that is cut', () => {
  /** What runs when a test begins, whatever the one before it left. */
  let before: number;
  let bytes: { sent: number; received: number };

  beforeAll(async () => {
    expect((await setNext()).code).toBe(0);
    expect((await setNext()).code).toBe(0);
    bytes = { sent: proxy.sent, received: proxy.received };
  });

  beforeEach(async () => {
    before = await atRest();
  });

  test.each(ACTIVATION_STEPS)('as soon as the host has written "%s"', async (step) => {
    await using watch = await watchJournal(host, 'smith', step, () => proxy.cut());
    const { code, json } = await setNext();
    // Behind the last steps the answer may be here before the cut is.
    await expect.poll(() => watch.seen()).toBe(true);
    if (code !== 0) expect(json?.error).toMatchObject({ code: 'HOST_UNREACHABLE', next: [expect.any(String)] });
    const live = await settled();
    const decided = ACTIVATION_STEPS.indexOf(step) >= ACTIVATION_STEPS.indexOf('checked');
    expect(decided ? [before, wanted] : [before]).toContain(live);
    if (code === 0 || step === 'committed') expect(live).toBe(wanted);
  });

  test.each([
    ['sent', 0.5],
    ['sent', 0.9],
    ['received', 0.6],
    ['received', 0.9],
  ] as const)('after a part of the bytes: %s × %d', async (direction, part) => {
    proxy.cutAfter = { [direction]: Math.floor(bytes[direction] * part) };
    const { code, json } = await setNext();
    expect({ code, error: json?.error?.code }).toEqual({ code: 6, error: 'HOST_UNREACHABLE' });
    expect([before, wanted]).toContain(await settled());
    expect((await set(wanted)).code).toBe(0);
  });

  test('a whole apply, cut while it reads the host, and while it activates', async () => {
    const document = (await chp.run(['tenant', 'export', 'smith'])).stdout.replace(
      /timeoutSeconds: \d+/,
      `timeoutSeconds: ${++wanted}`,
    );
    const apply = () => chp.run(['tenant', 'apply', 'smith', '-f', '-', '--json'], { input: document });
    proxy.cutAfter = { received: 6_000 };
    expect((await apply()).json?.error?.code).toBe('HOST_UNREACHABLE');
    expect(await settled()).toBe(before);
    {
      await using _watch = await watchJournal(host, 'smith', 'switched', () => proxy.cut());
      expect((await apply()).json?.error?.code).toBe('HOST_UNREACHABLE');
    }
    expect(await settled()).toBe(before);
    expect((await apply()).json?.result?.applied.outcome).toBe('committed');
    expect(await settled()).toBe(wanted);
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });

  test('a pulled cable is noticed, and the host goes back by itself', async () => {
    await using _watch = await watchJournal(host, 'smith', 'restarted', () => proxy.freeze());
    const { json } = await setNext();
    expect(json?.error).toMatchObject({
      code: 'HOST_UNREACHABLE',
      why: expect.stringContaining('not answered for 4 s'),
    });
    expect(await settled()).toBe(before);
    expect((await set(wanted)).code).toBe(0);
  });
});

describe('chp exec', () => {
  const exec = (...argv: string[]) => chp.run(['exec', 'smith', '--', ...argv]);

  test('output as it is, without the login shell’s own words; exit codes are passed on', async () => {
    expect(await exec('sh', '-c', 'echo out; echo err >&2; exit 42')).toMatchObject({
      code: 42,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await exec('sh', '-c', 'kill -KILL $$')).code).toBe(137);
    expect((await exec('no-such-program')).code).toBe(127);
    expect((await exec('pwd')).stdout).toBe(`${TENANT}/home\n`);
  });

  test('what stands behind -- belongs to the command', async () => {
    expect((await exec('printf', '[%s]', '--json', '--', '-x', 'a b', "it's", '*')).stdout).toBe(
      "[--json][--][-x][a b][it's][*]",
    );
    for (const argv of [['smith'], ['smith', 'ls'], ['--', 'smith', 'ls'], ['smith', '--']]) {
      const { code, stderr } = await chp.run(['exec', ...argv]);
      expect({ argv, code }).toEqual({ argv, code: 2 });
      expect(stderr).toMatch(/Error:/);
    }
  });

  test('--json gathers', async () => {
    const result = await chp.json(['exec', 'smith', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'], { code: 3 });
    expect(result).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('bytes go through, in and out', async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
    const child = chp.start(['exec', 'smith', '--stdin', '--', 'cat']);
    child.stdin.end(bytes);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    // Without --stdin a loop's own input stays its own.
    expect((await chp.run(['exec', 'smith', '--', 'cat'], { input: 'mine' })).stdout).toBe('');
  });

  test('Ctrl-C ends the command on the host, too, also as root', async () => {
    for (const [flags, seconds] of [
      [[], 971],
      [['--root'], 972],
    ] as const) {
      const child = chp.start(['exec', 'smith', ...flags, '--', 'sleep', String(seconds)]);
      await expect.poll(() => runs(`sleep ${seconds}`)).toBe(true);
      child.kill('SIGINT');
      expect((await once(child, 'close'))[0]).toBe(130);
      expect(await runs(`sleep ${seconds}`)).toBe(false);
    }
  });

  test('sudo that asks, or wants a terminal, is told apart, with the way out', async () => {
    const sudoers = '/etc/sudoers.d/ops';
    try {
      await onHost(`echo 'ops ALL=(ALL) ALL' >${sudoers}`);
      const asks = await chp.json(['exec', 'smith', '--', 'true'], { code: 7 });
      expect(asks).toMatchObject({
        code: 'HOST_UNFIT',
        next: [expect.stringContaining('ops ALL=(ALL) NOPASSWD: ALL')],
      });
      expect((await set(5)).json?.error).toMatchObject({
        code: 'HOST_UNFIT',
        message: expect.stringContaining('password'),
      });
      await onHost(`printf 'Defaults:ops requiretty\\nops ALL=(ALL) NOPASSWD: ALL\\n' >${sudoers}`);
      const tty = await chp.json(['exec', 'smith', '--', 'true'], { code: 7 });
      expect(tty.next.join()).toContain('Defaults:ops !requiretty');
      await onHost(`printf 'Defaults use_pty\\nops ALL=(ALL) NOPASSWD: ALL\\n' >${sudoers}`);
      expect((await exec('echo', 'fine')).stdout).toBe('fine\n');
    } finally {
      await onHost(`echo 'ops ALL=(ALL) NOPASSWD: ALL' >${sudoers}`);
    }
  });
});

const runs = async (command: string): Promise<boolean> => (await onHost('ps -eo args')).split('\n').includes(command);

describe('chp logs', () => {
  test('--follow goes on, ends cleanly with Ctrl-C, and leaves nothing on the host', async () => {
    const child = chp.start(['logs', 'smith', 'gateway', '--follow', '-n', '3']);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await expect.poll(() => said.split('\n').length).toBeGreaterThanOrEqual(3);
    await onHost('systemd-cat -t chp-smith-gateway true; systemctl kill -s HUP chp-smith-demo-model; true');
    expect(await followers()).not.toBe('');
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(0);
    await expect.poll(followers).toBe('');
  });

  test('a cut ends it with an error, here and there', async () => {
    const child = chp.start(['logs', 'smith', '--follow']);
    await expect.poll(followers).not.toBe('');
    proxy.cut();
    expect((await once(child, 'close'))[0]).toBe(6);
    await expect.poll(followers).toBe('');
  });

  const followers = () => onHost('ps -eo args | grep -E "[j]ournalctl .*--follow|[a]gent.mjs serve"');
});

describe('chp ssh', () => {
  const shell = () => new Terminal(chp.argv(['ssh', 'smith']), chp.env);

  test('a terminal on the host with its own configuration and the key that chp pinned; its exit code is ours', async () => {
    await using terminal = shell();
    terminal.type('tty; id -un; echo "$TERM"; exit 9\r');
    expect(await terminal.ends()).toBe(9);
    expect(terminal.text).toMatch(/\/dev\/pts\/\d+\s+ops\s+xterm/);
  });

  test('another key than the pinned one is refused by ssh, too', async () => {
    const pins = join(chp.home, 'known_hosts');
    const before = readFileSync(pins, 'utf8');
    writeFileSync(pins, before.replace(/AAAA.*/, readFileSync(join(hosts.dir, 'id.pub'), 'utf8').split(' ')[1] ?? ''));
    try {
      await using terminal = shell();
      expect(await terminal.ends()).toBe(255);
      expect(terminal.text).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
    } finally {
      writeFileSync(pins, before);
    }
  });
});

describe('a cut while a tenant is', () => {
  /** Cuts the line as soon as it holds, and lets nobody through until the command has ended. */
  const cutWhen = async (holds: () => boolean | Promise<boolean>, argv: string[]) => {
    let ended = false;
    const running = chp.run([...argv, '--json']).finally(() => {
      ended = true;
    });
    while (!ended && !(await holds())) await sleep(2);
    proxy.refuse = Number.POSITIVE_INFINITY;
    proxy.cut();
    const { json } = await running;
    proxy.heal();
    return json?.error?.code;
  };

  test('destroyed: the next run finishes, and nothing is left', async () => {
    const destroy = ['tenant', 'destroy', 'smith', '--yes'];
    proxy.heal();
    const stops = async () => (await onHost('systemctl is-active chp-smith-gateway')) !== 'active';
    for (const holds of [() => proxy.received > 2_000, stops, () => proxy.count > 1])
      expect(await cutWhen(holds, destroy)).toBe('HOST_UNREACHABLE');
    await chp.json(destroy);
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
    expect(await onHost('ls /var/lib/chp; ls /etc/systemd/system | grep chp; getent passwd chp-smith')).toBe('');
  });

  test('created: the next run goes on, and ends with an agent turn', async () => {
    const create = ['tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo', '--accept-new'];
    await chp.run(['tenant', 'destroy', 'smith', '--yes']);
    for (const sent of [6_000, 20_000_000])
      expect(await cutWhen(() => proxy.sent > sent, create)).toBe('HOST_UNREACHABLE');
    expect((await chp.json(create)).applied.outcome).toBe('committed');
    await settled();
  });
});
