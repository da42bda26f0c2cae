import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_MARK, serviceMark } from './manager/resolve.ts';

/** Variables a process was started with (proc_pid_environ(5)); null = gone, or somebody else's. */
export function environmentOf(pid: number | string): Map<string, string> | null {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  } catch {
    return null;
  }
}

/** Processes that belong to a tenant's services, with all that those started. */
export function processesOf(root: string, tenant: string): number[] {
  const mark = serviceMark(root, tenant, '');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name)?.get(SERVICE_MARK)?.startsWith(mark))
    .map(Number);
}

/** Process that started it (proc_pid_stat(5)); null = gone. */
export function parentOf(pid: number): number | null {
  // Its name stands in brackets before, and may hold any character.
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[1]) || null;
}

/** Ends what a supervisor that was killed left behind, holding ports: politely, then not. */
export async function endProcessesOf(root: string, tenant: string, politeMs: number): Promise<void> {
  const signal = (name: NodeJS.Signals): boolean => {
    const pids = processesOf(root, tenant);
    for (const pid of pids) sendSignal(pid, name);
    return pids.length > 0;
  };
  if (!signal('SIGTERM')) return;
  for (const deadline = Date.now() + politeMs; Date.now() < deadline; await sleep(50))
    if (processesOf(root, tenant).length === 0) return;
  while (signal('SIGKILL')) await sleep(20);
}

/** A process that is gone already is no error. A negative number is a process group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const LISTENING = '0A';

/** Does this process itself listen on the TCP port (proc_net(5))? Needs to be its user, or root. */
export function listensOn(pid: number, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const table of ['tcp', 'tcp6'])
    for (const line of readOrEmpty(`/proc/net/${table}`).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(`:${wanted}`)) sockets.add(`socket:[${inode}]`);
    }
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOrEmpty(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
