import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATION_STEPS } from '../../src/core/agent-protocol.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { CutProxy } from '../support/cut-proxy.ts';

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
  writeFileSync(hosts.sshConfig, `${config}\n  ServerAliveInterval 2\n  ServerAliveCountMax 2\n`);
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  await chp.json(['tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo', '--accept-new']);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

const set = (value: number) => chp.run(['config', 'set', 'smith', SETTING, String(value), '--json']);

async function onHost(script: string): Promise<string> {
  return (await host.exec('bash', '-c', script)).stdout.trim();
}

/** The journal has no open activation, link and config belong together, everything runs, and the gateway answers. */
async function isWhole(values: readonly number[]): Promise<number> {
  const last = () => onHost(`grep -v '^$' ${TENANT}/journal.jsonl | tail -n 1`);
  await expect.poll(last, { timeout: SETTLED_MS, interval: 250 }).toContain('"end"');
  const { host: status } = await chp.json(['tenant', 'show', 'smith']);
  expect(status).toMatchObject({ interrupted: null, drift: { config: [], files: [] } });
  expect(status.services.every(({ active }: { active: boolean }) => active)).toBe(true);
  const greeting = () =>
    onHost('exec 3<>/dev/tcp/127.0.0.1/18789; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; head -n 1 <&3');
  await expect.poll(greeting, { timeout: SETTLED_MS, interval: 250 }).toContain('200 OK');
  const live = JSON.parse(await onHost(`cat ${TENANT}/config/gateway.json`));
  const value = live.agents.defaults.timeoutSeconds;
  expect(values).toContain(value);
  return value;
}

describe('a line that is cut', () => {
  /** Each try sets another value; what runs is an earlier one as long as none came through. */
  let wanted = 100;
  let live = 100;
  let bytes: { sent: number; received: number };

  test('without a cut: how many bytes there are to cut at', async () => {
    expect((await set(wanted)).code).toBe(0);
    expect((await set(++wanted)).code).toBe(0);
    bytes = { sent: proxy.sent, received: proxy.received };
    live = await isWhole([wanted]);
  });

  test.each(ACTIVATION_STEPS)('as soon as the host has written "%s"', async (step) => {
    await using watch = watchJournal(step, () => proxy.cut());
    const before = live;
    const { code, json } = await set(++wanted);
    expect(watch.seen()).toBe(true);
    // Behind the last steps the answer may be here before the cut is.
    if (code !== 0) expect(json?.error).toMatchObject({ code: 'HOST_UNREACHABLE', next: [expect.any(String)] });
    live = await isWhole([before, wanted]);
    if (ACTIVATION_STEPS.indexOf(step) < ACTIVATION_STEPS.indexOf('checked')) expect(live).toBe(before);
  });

  test.each([
    ['sent', 0.5],
    ['sent', 0.98],
    ['received', 0.6],
    ['received', 0.95],
  ] as const)('after a part of the bytes: %s × %d', async (direction, part) => {
    proxy.cutAfter = { [direction]: Math.floor(bytes[direction] * part) };
    const { code, json } = await set(++wanted);
    proxy.heal();
    expect({ code, error: json?.error?.code }).toEqual({ code: 6, error: 'HOST_UNREACHABLE' });
    live = await isWhole([live, wanted]);
  });

  test('the next run finishes what was wanted last', async () => {
    expect((await set(wanted)).code).toBe(0);
    live = await isWhole([wanted]);
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });

  test('a whole apply, cut while it reads the host, and while it activates', async () => {
    const document = (await chp.run(['tenant', 'export', 'smith'])).stdout.replace(
      /timeoutSeconds: \d+/,
      `timeoutSeconds: ${++wanted}`,
    );
    const apply = () => chp.run(['tenant', 'apply', 'smith', '-f', '-', '--json'], { input: document });
    proxy.cutAfter = { received: 6_000 };
    expect((await apply()).json?.error?.code).toBe('HOST_UNREACHABLE');
    proxy.heal();
    await isWhole([live]);
    {
      await using _watch = watchJournal('switched', () => proxy.cut());
      expect((await apply()).json?.error?.code).toBe('HOST_UNREACHABLE');
    }
    await isWhole([live]);
    expect((await apply()).json?.result?.applied.outcome).toBe('committed');
    live = await isWhole([wanted]);
  });

  test('a pulled cable is noticed, and the host goes back by itself', async () => {
    await using _watch = watchJournal('restarted', () => proxy.freeze());
    const { json } = await set(++wanted);
    expect(json?.error).toMatchObject({
      code: 'HOST_UNREACHABLE',
      why: expect.stringContaining('not answered for 4 s'),
    });
    await isWhole([live]);
    expect((await set(wanted)).code).toBe(0);
  });
});

/** Calls `then` once, as soon as the host's journal of an activation that begins from now on holds a step. */
function watchJournal(step: string, then: () => void): AsyncDisposable & { seen(): boolean } {
  const child = spawn('docker', ['exec', host.id, 'tail', '-n', '0', '-F', `${TENANT}/journal.jsonl`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let seen = false;
  let begun = false;
  child.stdout.on('data', (chunk: Buffer) => {
    const said = chunk.toString();
    begun ||= said.includes('"begin"');
    if (!begun || seen || !said.includes(`"step":"${step}"`)) return;
    seen = true;
    then();
  });
  return {
    seen: () => seen,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await host.exec('pkill', '-f', 'tail -n 0 -F');
    },
  };
}

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
  const shell = (env: NodeJS.ProcessEnv = {}): ChildProcess => {
    const quoted = chp.argv(['ssh', 'smith']).map((word) => `'${word}'`);
    return spawn('script', ['-qefc', quoted.join(' '), join(hosts.dir, 'typescript')], {
      env: { ...chp.env, ...env, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  };

  test('a terminal on the host with its own configuration and the key that chp pinned; its exit code is ours', async () => {
    const child = shell();
    const said = text(child.stdout as NonNullable<typeof child.stdout>);
    child.stdin?.write('tty; id -un; echo "$TERM"; exit 9\n');
    expect((await once(child, 'close'))[0]).toBe(9);
    expect(await said).toMatch(/\/dev\/pts\/\d+\s+ops\s+xterm/);
  });

  test('another key than the pinned one is refused by ssh, too', async () => {
    const pins = join(chp.home, 'known_hosts');
    const before = readFileSync(pins, 'utf8');
    writeFileSync(pins, before.replace(/AAAA.*/, readFileSync(join(hosts.dir, 'id.pub'), 'utf8').split(' ')[1] ?? ''));
    try {
      const child = shell();
      const said = text(child.stdout as NonNullable<typeof child.stdout>);
      expect((await once(child, 'close'))[0]).toBe(255);
      expect(await said).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
    } finally {
      writeFileSync(pins, before);
    }
  });
});
