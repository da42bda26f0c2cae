import type { ServiceManager } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { BASE_IMAGE, needsRoot } from '../../core/host-layout.ts';
import type { ContainerFacts, HostFacts } from './host.ts';

/** Node 24 is built against it. */
const GLIBC = [2, 28] as const;
const DISK_MB = 1_500;
/** What a runtime and its node have, and some. */
const INODES = 25_000;
const MEMORY_MB = 1_500;
const CLOCK_S = 300;

interface Lack {
  what: string;
  next: string;
}

/**
 * All that keeps chp from working on a host. Pure.
 * `image`: what containers are to start from, with Compose.
 */
export function lacks(facts: HostFacts, manager: ServiceManager, image: string | null = null): Lack[] {
  const found: Lack[] = [];
  const need = (holds: boolean, what: string, next: string): void => {
    if (!holds) found.push({ what, next });
  };
  need(
    ['x86_64', 'aarch64'].includes(facts.arch),
    `its architecture is ${facts.arch}`,
    'Use a 64-bit x86 or ARM machine.',
  );
  need(
    facts.glibc !== null && atLeast(facts.glibc, GLIBC),
    `its glibc is ${facts.glibc ?? 'missing'}, ${GLIBC.join('.')} is needed`,
    'Upgrade to Debian 10, Ubuntu 18.10 or later.',
  );
  need(!facts.readOnly, 'its file system is read-only', 'Check the disk, then: mount -o remount,rw /');
  // One where a bootstrap was cut still needs it all.
  const bootstrapped = Boolean(facts.chp?.nodeTree);
  const diskMb = bootstrapped ? DISK_MB / 5 : DISK_MB;
  need(
    facts.diskFreeMb >= diskMb,
    `${facts.diskFreeMb} MB of disk are free, ${diskMb} are needed`,
    'Free some space: journalctl --vacuum-size=100M; apt-get clean',
  );
  need(!facts.noExec, 'its file system is mounted noexec', `Mount it without noexec: mount -o remount,exec DIR`);
  const inodes = bootstrapped ? INODES / 20 : INODES;
  need(
    facts.inodesFree === null || facts.inodesFree >= inodes,
    `${facts.inodesFree} inodes (room for that many files) are free, ${inodes} are needed`,
    'Remove what has very many files: df -i; du --inodes -d 2 / | sort -n | tail',
  );
  need(
    facts.memoryMb >= MEMORY_MB,
    `it has ${facts.memoryMb} MB of memory, ${MEMORY_MB} are needed`,
    'Use a machine with 2 GB or more.',
  );
  need(
    Math.abs(facts.clockOffsetS) <= CLOCK_S,
    `its clock is ${Math.abs(facts.clockOffsetS)} s ${facts.clockOffsetS < 0 ? 'behind' : 'ahead'}`,
    'Turn on time synchronisation: timedatectl set-ntp true',
  );
  const tools = ['flock', 'tar', 'gzip', ...(needsRoot(manager) ? ['setpriv', 'useradd'] : [])];
  if (manager === 'systemd') tools.push('systemd-creds');
  const absent = tools.filter((tool) => !facts.tools.includes(tool));
  need(
    absent.length === 0,
    `it lacks ${absent.join(', ')}`,
    `Install util-linux, tar, gzip, passwd${manager === 'systemd' ? ' and systemd 250 or later' : ''}.`,
  );
  if (manager === 'systemd')
    need(
      facts.systemd !== null,
      'systemd does not run there',
      'Leave out services.manager, or set it to supervisor: then chp starts the services by itself.',
    );
  if (needsRoot(manager))
    need(
      facts.rootAccess,
      `${facts.user} is neither root nor allowed to sudo without a password`,
      `Add to /etc/sudoers.d/chp: ${facts.user} ALL=(ALL) NOPASSWD: ALL`,
    );
  if (manager === 'compose') found.push(...lacksForContainers(facts.containers, image ?? BASE_IMAGE));
  return found;
}

/** The first thing that is missing says all: what comes after it can't be seen without it. */
function lacksForContainers(facts: ContainerFacts | null, image: string): Lack[] {
  const { engine, fault, compose } = facts ?? { engine: null, fault: null, compose: null };
  if (engine === null)
    return fault === null
      ? [{ what: 'it has no Docker', next: 'Install it: apt-get install docker.io docker-compose' }]
      : [
          {
            what: `its Docker does not answer (${fault})`,
            next: 'As root: systemctl enable --now docker; docker version',
          },
        ];
  if (compose === null)
    return [
      {
        what: 'it has no Docker Compose',
        next: 'Install docker-compose, or the docker-compose-plugin of Docker’s own.',
      },
    ];
  if (image === BASE_IMAGE || facts?.image) return [];
  return [
    {
      what: `it has no image ${image}`,
      next: `On the host: docker pull ${image} (or docker load), or leave services.image away: chp then makes one.`,
    },
  ];
}

/** @throws ChpError HOST_UNFIT naming everything that is missing at once */
export function assertHostFit(
  target: string,
  facts: HostFacts,
  manager: ServiceManager,
  image: string | null = null,
): void {
  const found = lacks(facts, manager, image);
  if (found.length === 0) return;
  throw new ChpError('HOST_UNFIT', `${target} can't be a hub: ${found.map((lack) => lack.what).join('; ')}`, {
    next: found.map((lack) => lack.next),
    details: { facts },
  });
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
