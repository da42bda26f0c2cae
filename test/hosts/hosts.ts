import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const READY_MS = 60_000;

export interface TestHost {
  /** Container id. */
  id: string;
  port: number;
  /** For `chp … --host`: an alias in `sshConfig`. */
  alias: string;
  /** A command as root on the host, past ssh. */
  exec(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

export interface HostOptions {
  /** Login user of the alias. */
  user?: 'ops' | 'nosudo';
  /** `none`: sshd alone is PID 1. */
  init?: 'systemd' | 'none';
  /** It has Docker and Compose. */
  docker?: boolean;
}

/** A set of hosts, and the ssh_config that knows them: give its path as CHP_SSH_CONFIG. */
export interface TestHosts extends AsyncDisposable {
  hosts: TestHost[];
  sshConfig: string;
  dir: string;
}

/** Boots hosts with real systemd and sshd, each on a loopback port of its own. */
export async function startHosts(count: number, options: HostOptions = {}): Promise<TestHosts> {
  const { stdout } = await run(join(HERE, 'image.sh'), options.docker ? ['docker'] : [], { maxBuffer: 1e7 });
  const image = stdout.trim();
  const dir = mkdtempSync(join(tmpdir(), 'chp-hosts-'));
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'id')]);
  const { stdout: key } = await run('cat', [join(dir, 'id.pub')]);
  const hosts = await Promise.all(
    Array.from({ length: count }, (_, index) => boot(image, `chp-host-${index + 1}`, key, options)),
  );
  const sshConfig = join(dir, 'config');
  writeFileSync(
    sshConfig,
    hosts
      .map(({ alias, port }) =>
        [
          `Host ${alias}`,
          '  HostName 127.0.0.1',
          `  Port ${port}`,
          `  User ${options.user ?? 'ops'}`,
          `  IdentityFile ${join(dir, 'id')}`,
          '  IdentitiesOnly yes',
          `  UserKnownHostsFile ${join(dir, 'known_hosts')}`,
        ].join('\n'),
      )
      .join('\n\n'),
  );
  return {
    hosts,
    sshConfig,
    dir,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}

async function boot(image: string, alias: string, key: string, options: HostOptions): Promise<TestHost> {
  const limits = [
    // Layers can't lie on layers.
    ...(options.docker ? ['--volume', '/var/lib/docker'] : []),
  ];
  const { stdout } = await run('docker', [
    'run',
    '-d',
    '--cap-add',
    'SYS_ADMIN',
    '--cap-add',
    'NET_ADMIN',
    '--cap-add',
    'SYS_PTRACE',
    '--security-opt',
    'seccomp=unconfined',
    '--tmpfs',
    '/run',
    '--tmpfs',
    '/run/lock',
    '-v',
    '/sys/fs/cgroup:/sys/fs/cgroup:rw',
    ...limits,
    '-p',
    '127.0.0.1:0:22',
    image,
    '/bin/sh',
    '-c',
    options.init === 'none'
      ? 'mkdir -p /run/sshd && ssh-keygen -A >/dev/null && exec /usr/sbin/sshd -D'
      : 'mount --make-rshared / && exec /sbin/init',
  ]);
  const id = stdout.trim();
  const exec: TestHost['exec'] = (...argv) =>
    run('docker', ['exec', id, ...argv], { maxBuffer: 1e8 }).then(
      ({ stdout: out, stderr }) => ({ code: 0, stdout: out, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        stdout: error.stdout,
        stderr: error.stderr,
      }),
    );
  const stop = async (): Promise<void> => {
    await run('docker', ['rm', '-f', '-v', id]);
  };
  try {
    for (const user of ['ops', 'nosudo'])
      await exec(
        'sh',
        '-c',
        `install -d -m 700 -o ${user} /home/${user}/.ssh && echo '${key.trim()}' > /home/${user}/.ssh/authorized_keys && chown -R ${user}: /home/${user}/.ssh`,
      );
    const { stdout: mapped } = await run('docker', ['port', id, '22/tcp']);
    const port = Number(mapped.trim().split('\n')[0]?.split(':').at(-1));
    for (const deadline = Date.now() + READY_MS; ; await sleep(250)) {
      if (await isUp(exec, options)) break;
      if (Date.now() > deadline) throw new Error(`test host ${alias} did not boot`);
    }
    return { id, port, alias, exec, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isUp(exec: TestHost['exec'], { init }: HostOptions): Promise<boolean> {
  if (init === 'none') return (await exec('sh', '-c', 'ss -tln | grep -q :22')).code === 0;
  const state = (await exec('systemctl', 'is-system-running')).stdout.trim();
  return /running|degraded/.test(state) && (await exec('systemctl', 'is-active', 'ssh')).code === 0;
}
