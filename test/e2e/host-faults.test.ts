import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentClient } from '../../src/adapters/agent/client.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { listing } from '../hosts/listing.ts';
import { Chp } from '../support/chp.ts';
import { dockerTransport } from '../support/docker-transport.ts';

/**
 * Faults of a host as an operator meets them: said clearly, nothing half done, and the same command works once the cause
 * is gone. Disks, mounts and inodes are real (tmpfs over /var/lib/chp); architecture, glibc and clock are simulated by
 * programs of the same name in front of the real ones.
 */
const DISK = '/var/lib/chp';
let hosts: TestHosts;
/** Without systemd and without sudo. */
let bare: TestHosts;
let host: TestHost;
let chp: Chp;
let before: string;

async function onHost(script: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec('sh', '-c', script);
  if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}\n${stderr}`);
  return stdout.trim();
}

const mount = (options: string): Promise<string> =>
  onHost(`mkdir -p ${DISK}; mount -t tmpfs -o ${options} tmpfs ${DISK}`);
const unmount = (): Promise<string> => onHost(`umount ${DISK}; rmdir ${DISK}`);
/** A program that answers instead of the real one. */
const shim = (name: string, body: string): Promise<string> =>
  onHost(`printf '#!/bin/sh\n%s\n' '${body}' > /usr/local/bin/${name}; chmod 755 /usr/local/bin/${name}`);
const unshim = (name: string): Promise<string> => onHost(`rm -f /usr/local/bin/${name}`);

/** What the household runs beside chp answers as before. */
const HOUSEHOLD = 'python3 -m http.server 8099 --bind 127.0.0.1 --directory /srv';
const household = (): Promise<string> =>
  onHost(`python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8099/", timeout=5).status)'`);

const CREATE = ['tenant', 'create', 'smith', '--host', 'chp-host-1', '--model', 'demo', '--accept-new'];
const create = (code: number): Promise<any> => chp.json(CREATE, { code });

/** Mounted over itself, so that it is read-only for whoever comes now. */
const readOnly = (path: string) => ({
  make: () => onHost(`mount --bind ${path} ${path} && mount -o remount,bind,ro ${path}`),
  // Lazily: somebody may still be on it.
  mend: () => onHost(`umount -l ${path}`),
});

/** Waits for a file to appear on the host. */
async function appears(pattern: string): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; await sleep(50)) {
    if ((await host.exec('sh', '-c', `ls -d ${pattern}`)).code === 0) return;
    if (Date.now() > deadline) throw new Error(`${pattern} did not appear`);
  }
}

/** The disk has no more room than what is on it. */
const fill = (): Promise<string> =>
  onHost(
    // What is being written meanwhile may be more than was just seen.
    `for more in 8 4096 16384 65536; do
       mount -o remount,size=$(( $(df -Pk ${DISK} | awk 'NR==2 {print $3}') + more ))k ${DISK} 2>/dev/null && exit 0
     done; exit 1`,
  );
/** As `fill`, of inodes. */
const noMoreFiles = (): Promise<string> =>
  onHost(
    `for more in 50 500 1000 2000 4000; do
       mount -o remount,nr_inodes=$(( $(df -Pi ${DISK} | awk 'NR==2 {print $3}') + more )) ${DISK} 2>/dev/null && exit 0
     done; exit 1`,
  );
const makeRoom = (): Promise<string> => onHost(`mount -o remount,size=1700m,nr_inodes=200000 ${DISK}`);

beforeAll(async () => {
  [hosts, bare] = await Promise.all([startHosts(1), startHosts(1, { init: 'none', user: 'nosudo' })]);
  host = hosts.hosts[0] as TestHost;
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  await onHost(`systemd-run -q --unit household ${HOUSEHOLD}`);
  before = await listing(host);
});

afterAll(async () => {
  await Promise.all([hosts, bare].map((set) => set?.[Symbol.asyncDispose]()));
  chp?.cleanUp();
});

describe('before anything is done: refused, nothing registered, nothing left on the host', () => {
  const disk = (options: string) => ({ make: () => mount(options), mend: unmount });
  const program = (name: string, body: string) => ({ make: () => shim(name, body), mend: () => unshim(name) });

  test.each([
    { name: 'a read-only disk', ...readOnly('/var/lib'), says: /file system is read-only/, next: /remount,rw/ },
    { name: 'a read-only /etc', ...readOnly('/etc'), says: /file system is read-only/, next: /remount,rw/ },
    { name: 'small disk', ...disk('size=200m'), says: /MB of disk are free, 1500 are needed/, next: /Free some space/ },
    {
      name: 'few inodes',
      ...disk('nr_inodes=3000'),
      says: /2\d{3} inodes .* are free, 25000 are needed/,
      next: /df -i/,
    },
    { name: 'no programs may run', ...disk('noexec'), says: /mounted noexec/, next: /remount,exec/ },
    {
      name: 'wrong architecture (simulated)',
      ...program('uname', '[ "$1" = -m ] && echo armv7l || exec /usr/bin/uname "$@"'),
      says: /its architecture is armv7l/,
      next: /64-bit/,
    },
    {
      name: 'old glibc (simulated)',
      ...program('getconf', '[ "$1" = GNU_LIBC_VERSION ] && echo glibc 2.27 || exec /usr/bin/getconf "$@"'),
      says: /its glibc is 2\.27, 2\.28 is needed/,
      next: /Debian 10/,
    },
    {
      name: 'clock two hours behind (simulated)',
      ...program('date', 'exec /usr/bin/date -d "2 hours ago" "$@"'),
      says: /its clock is 7[12]\d\d s behind/,
      next: /set-ntp/,
    },
  ])('$name', async ({ make, mend, says, next }) => {
    await make();
    try {
      const error = await create(7);
      expect(error).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringMatching(says) });
      expect(error.next.join('\n')).toMatch(next);
      expect(await chp.json(['tenant', 'list'])).toEqual([]);
      expect(await household()).toBe('200');
    } finally {
      await mend();
    }
    expect(await listing(host)).toBe(before);
  });
});

describe('while it is done', () => {
  test('the disk fills while node is put there: said so, and what there is can be removed at once', async () => {
    await mount('size=1700m');
    const creating = create(7);
    await appears(`${DISK}/trees/*.boot`);
    await fill();
    expect(await creating).toMatchObject({
      code: 'HOST_UNFIT',
      message: expect.stringContaining('the disk is full'),
      why: expect.stringMatching(/No space left|Wrote only/),
    });
    expect((await chp.json(['tenant', 'show', 'smith', '--offline'])).record.phase).toBe('failed');
    await chp.json(['tenant', 'destroy', 'smith', '--yes']);
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
    expect(await onHost(`ls -A ${DISK}`)).toBe('');
    const left = (await listing(host)).split('\n').filter((line) => !line.startsWith(`${DISK} `));
    expect(left.join('\n')).toBe(before);
    expect(await household()).toBe('200');
  });

  test('it runs out of inodes while the runtime is sent: nothing is left of it, and the next run goes on', async () => {
    await makeRoom();
    const creating = create(7);
    await appears(`${DISK}/trees/*.new/node_modules`);
    await noMoreFiles();
    expect(await creating).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringMatching(/full|inodes/) });
    expect(await onHost(`ls ${DISK}/trees | grep -vE '^[0-9a-f]{64}$' || true`)).toBe('');
    expect(await onHost('systemctl list-units --all --plain --no-legend "chp-smith*"')).toBe('');
    expect(await household()).toBe('200');
    await makeRoom();
    const created = await create(0);
    expect(created.applied.outcome).toBe('committed');
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });
});

describe('once it runs', () => {
  /**
   * Its services run, and a turn through the gateway to the model is answered: all but the turn where the gateway can't
   * write it down.
   */
  const answers = async ({ turn = true } = {}): Promise<void> => {
    const { host: now } = await chp.json(['tenant', 'show', 'smith']);
    expect(now.services).toMatchObject([
      { name: 'demo-model', active: true },
      { name: 'gateway', active: true },
    ]);
    const nodeTree = (await onHost(`ls ${DISK}/trees/*/bin/node`)).split('/').at(-3) ?? '';
    const agent = new AgentClient(dockerTransport(host.id), { root: DISK, nodeTree, asRoot: false });
    const failed = (await agent.check('smith')).filter(({ verdict }) => verdict === 'fail');
    expect(failed.filter(({ id }) => turn || id !== 'agent.turn')).toEqual([]);
    expect(await household()).toBe('200');
  };

  const set = (value: string, code = 0): Promise<any> =>
    chp.json(['config', 'set', 'smith', 'agents.defaults.timeoutSeconds', value], { code });
  const exported = async (): Promise<string> => (await chp.run(['tenant', 'export', 'smith'])).stdout;

  test('a full disk: a push changes nothing, the gateway runs on, looking works; then all works', async () => {
    const document = await exported();
    await fill();
    try {
      const error = await set('77', 7);
      expect(error).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringContaining('disk is full') });
      expect(await exported()).toBe(document);
      await answers({ turn: false });
      expect((await chp.json(['tenant', 'show', 'smith'])).hostProblem).toMatch(/MB of disk are free/);
      expect((await chp.run(['exec', 'smith', '--', 'df', '-P', DISK])).stdout).toContain(DISK);
      expect((await chp.json(['logs', 'smith', 'gateway', '-n', '5'])).lines.length).toBeGreaterThan(0);
      expect(await chp.json(['tenant', 'apply', 'smith'], { code: 7 })).toMatchObject({
        code: 'HOST_UNFIT',
        next: [expect.stringContaining('Free some space')],
      });
    } finally {
      await makeRoom();
    }
    await answers();
    await set('77');
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });

  test('a disk that became read-only: a push changes nothing, the gateway runs on', async () => {
    const document = await exported();
    await readOnly(DISK).make();
    try {
      expect(await set('78', 7)).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringContaining('read-only') });
      expect(await exported()).toBe(document);
      await answers();
      expect((await chp.json(['tenant', 'show', 'smith'])).hostProblem).toMatch(/read-only/);
    } finally {
      await readOnly(DISK).mend();
    }
    await set('78');
  });

  test('a clock that is off: told by apply and show; secrets still reach the gateway', async () => {
    await shim('date', 'exec /usr/bin/date -d "5 hours" "$@"');
    try {
      expect((await chp.json(['tenant', 'apply', 'smith'], { code: 7 })).message).toMatch(/s ahead/);
      expect((await chp.json(['tenant', 'show', 'smith'])).hostProblem).toMatch(/clock is 1[78]\d{3} s ahead/);
      await chp.json(['secret', 'set', 'smith', 'WEATHER_KEY'], { input: 'a-value-of-some-length' });
      await answers();
    } finally {
      await unshim('date');
    }
    expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  });

  test('sudo that was taken away: no second installation beside the first', async () => {
    await onHost('mv /etc/sudoers.d/ops /root/ops');
    try {
      const error = await chp.json(['tenant', 'apply', 'smith'], { code: 7 });
      expect(error).toMatchObject({
        code: 'HOST_UNFIT',
        message: expect.stringMatching(/neither root nor allowed to sudo/),
      });
      expect(error.next.join()).toContain('NOPASSWD');
      expect(await onHost('ls -d /home/ops/.chp || true')).toBe('');
    } finally {
      await onHost('mv /root/ops /etc/sudoers.d/ops');
    }
    await answers();
  });

  test('Ctrl-C in the middle of an apply: the host puts back what ran before, exit 130; the next run goes on', async () => {
    const { generation } = (await chp.json(['tenant', 'show', 'smith', '--offline'])).record;
    await chp.json(['secret', 'set', 'smith', 'GARDEN_KEY', '--stage'], { input: 'a-value-of-some-length' });
    const applying = chp.start(['tenant', 'apply', 'smith', '--json']);
    applying.stdin.end();
    const ended = Promise.all([text(applying.stdout), once(applying, 'close')]);
    const journal = `${DISK}/tenants/smith/journal.jsonl`;
    await expect.poll(() => onHost(`cat ${journal}`), { interval: 50 }).toMatch(/"switched"(?!.*"end")/s);
    applying.kill('SIGINT');
    const [stdout, [code]] = await ended;
    expect(code, stdout).toBe(130);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('put back what ran before'),
      next: [expect.stringContaining('same command'), 'chp tenant show smith'],
    });
    expect((await chp.json(['tenant', 'show', 'smith'])).host).toMatchObject({
      current: generation,
      interrupted: null,
    });
    await answers();
    expect((await chp.json(['tenant', 'apply', 'smith'])).applied.outcome).toBe('committed');
  });

  test('a host.json that was damaged by hand is put back; until then all is seen', async () => {
    await onHost(`echo '{"schema":' > ${DISK}/agent/host.json`);
    await answers();
    await chp.json(['tenant', 'apply', 'smith']);
    expect(JSON.parse(await onHost(`cat ${DISK}/agent/host.json`))).toMatchObject({ schema: 1, root: DISK });
  });

  test('destroyed with the disk full: nothing is left', async () => {
    await onHost(`rm ${DISK}/agent/host.json`);
    await fill();
    await chp.json(['tenant', 'destroy', 'smith', '--yes']);
    expect(await onHost(`ls -A ${DISK}; pgrep -u chp-smith || true`)).toBe('');
    await unmount();
    expect(await listing(host)).toBe(before);
    expect(await household()).toBe('200');
  });
});

describe('a host without systemd, and a user without sudo', () => {
  const env = (): NodeJS.ProcessEnv => ({ CHP_SSH_CONFIG: bare.sshConfig });
  const home = async (): Promise<string> => {
    const script = 'find /home/nosudo -printf "%p %m\\n" | sort; getent passwd; pgrep -u nosudo -a node || true';
    return (await (bare.hosts[0] as TestHost).exec('sh', '-c', script)).stdout;
  };

  test('systemd is refused with the way out, nothing is registered', async () => {
    const document =
      'schema: 1\nname: jones\ntopology: hub\nhost: chp-host-1\nmodel: {provider: demo}\nservices: {manager: systemd}\n';
    const error = await chp.json(['tenant', 'create', '-f', '-', '--accept-new'], {
      code: 7,
      input: document,
      env: env(),
    });
    expect(error).toMatchObject({
      code: 'HOST_UNFIT',
      message: expect.stringMatching(/systemd does not run there; nosudo is neither root/),
    });
    expect(error.next.join()).toMatch(/supervisor.*NOPASSWD/);
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
  });

  test('chp’s own supervisor runs the tenant, and destroy leaves nothing', async () => {
    const empty = await home();
    const created = await chp.json(['tenant', 'create', 'jones', '--host', 'chp-host-1', '--model', 'demo'], {
      env: env(),
    });
    expect(created).toMatchObject({ manager: 'supervisor', applied: { outcome: 'committed' } });
    expect((await chp.json(['tenant', 'plan', 'jones', '--exit-code'], { env: env() })).empty).toBe(true);
    await chp.json(['tenant', 'destroy', 'jones', '--yes'], { env: env() });
    expect(await home()).toBe(empty);
  });
});
