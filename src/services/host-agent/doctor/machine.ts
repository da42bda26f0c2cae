import { existsSync, readFileSync, statSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { availableParallelism, loadavg, uptime } from 'node:os';
import { posix } from 'node:path';
import type { HostReadings, MachineReading, UpdatesReading } from '../../../core/host-readings.ts';
import { run } from '../run.ts';
import { type Look, Unread } from './look.ts';

const MIB = 1024 * 1024;
const UPDATES_MS = 18_000;
const REBOOT = ['/run/reboot-required', '/var/run/reboot-required'];
const LISTS = '/var/lib/apt/lists';

export async function readMachine({ host }: Look): Promise<MachineReading> {
  const disk = await statfs(host.root);
  const memory = new Map(
    readFileSync('/proc/meminfo', 'utf8')
      .split('\n')
      .map((line) => [
        line.split(':')[0] ?? '',
        Math.floor((Number.parseInt(line.split(':')[1] ?? '', 10) || 0) / 1024),
      ]),
  );
  return {
    diskFreeMb: Math.floor((disk.bavail * disk.bsize) / MIB),
    diskTotalMb: Math.floor((disk.blocks * disk.bsize) / MIB),
    inodesFree: disk.files > 0 ? disk.ffree : null,
    inodesTotal: disk.files > 0 ? disk.files : null,
    readOnly: isReadOnly(host.root),
    memoryAvailableMb: memory.get('MemAvailable') ?? 0,
    memoryTotalMb: memory.get('MemTotal') ?? 0,
    load1: isContainer() ? null : (loadavg()[0] ?? 0),
    cpus: availableParallelism(),
    uptimeS: Math.floor(uptime()),
    now: Date.now(),
  };
}

/** systemd says so, or Docker does: then clock and load are those of the machine that it runs on. */
const isContainer = (): boolean => ['/run/systemd/container', '/.dockerenv'].some((path) => existsSync(path));

/** Options of the mount that a path lies on (proc_mounts(5)): the longest that holds it, the last of equals. */
function isReadOnly(path: string): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, at = '']) => at === '/' || path === at || path.startsWith(`${at}/`));
  const deepest = Math.max(...mounts.map(([, at = '']) => at.length));
  const options = mounts.findLast(([, at = '']) => at.length === deepest)?.[3] ?? '';
  return options.split(',').includes('ro');
}

export async function readTimeSync(): Promise<HostReadings['timeSync']> {
  if (!existsSync('/run/systemd/system') || isContainer()) return { synchronised: null };
  const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { deadlineMs: 4_000 });
  return { synchronised: stdout.trim() === 'yes' };
}

export async function readUpdates(): Promise<UpdatesReading> {
  const rebootRequired = REBOOT.some((path) => existsSync(path));
  const none = { pending: null, security: null, rebootRequired, listedAt: null };
  if (!existsSync('/usr/bin/apt-get')) return none;
  const lists = statSync(`${LISTS}/partial`, { throwIfNoEntry: false }) ?? statSync(LISTS, { throwIfNoEntry: false });
  const args = ['-s', '-qq', '-o', 'Debug::NoLocking=true', 'upgrade'];
  const { stdout } = await run('apt-get', args, { deadlineMs: UPDATES_MS });
  const pending = stdout.split('\n').filter((line) => line.startsWith('Inst '));
  return {
    pending: pending.length,
    security: pending.filter((line) => /security/i.test(line)).length,
    rebootRequired,
    listedAt: lists ? lists.mtime.toISOString() : null,
  };
}

/** @throws Unread for a path that is not chp's */
export async function readPaths({ host, request }: Look): Promise<HostReadings['paths']> {
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => [Number(line.split(':')[2]), line.split(':')[0] ?? '']),
  );
  const entries = request.paths.map(async (path) => {
    if (posix.normalize(path) !== path || !(path === host.root || path.startsWith(`${host.root}/`)))
      throw new Unread(`${path} is not below ${host.root}`);
    const found = await stat(path).catch(() => null);
    const owner = found && (users.get(found.uid) ?? String(found.uid));
    return [path, found && { mode: (found.mode & 0o7777).toString(8), owner: owner ?? '' }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
