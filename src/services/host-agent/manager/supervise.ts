import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceStatus } from '../../../core/agent-protocol.ts';
import { hostLayout, tenantLayout } from '../../../core/host-layout.ts';
import { Journal } from '../journal.ts';
import type { ResolvedService } from './manager.ts';
import { RotatingLog } from './rotating-log.ts';
import {
  type DesiredState,
  desiredFile,
  logFile,
  readJson,
  type SupervisorState,
  stateFile,
} from './supervisor-files.ts';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 60_000;
/** A process that lived this long starts its back-off anew. */
const SETTLED_MS = 60_000;
const WATCH_MS = 5_000;

/**
 * The supervisor of one tenant, where there is no systemd: keeps its processes running, with growing pauses between
 * restarts, and watches for activations that were cut. Runs until SIGTERM.
 */
export async function supervise(root: string, tenant: string): Promise<void> {
  const layout = tenantLayout(root, tenant);
  mkdirSync(layout.run, { recursive: true, mode: 0o700 });
  const running = new Map<string, Supervised>();
  let revision: string | null = null;
  const publish = (): void => {
    const state: SupervisorState = {
      pid: process.pid,
      revision,
      services: [...running.values()].map((s) => s.status()),
    };
    writeAtomically(stateFile(layout), state);
  };

  let reconciling = Promise.resolve();
  const reconcile = (): void => {
    reconciling = reconciling.then(async () => {
      const desired = readJson<DesiredState>(desiredFile(layout));
      if (!desired || desired.revision === revision) return;
      const wanted = new Map(desired.services.map((service) => [service.name, service]));
      for (const [name, supervised] of running) {
        if (wanted.get(name)?.fingerprint === supervised.service.fingerprint) continue;
        await supervised.stop();
        running.delete(name);
      }
      for (const service of desired.services) {
        if (running.has(service.name)) continue;
        const supervised = new Supervised(
          service,
          layout.credentials,
          layout.home,
          logFile(layout, service.name),
          publish,
        );
        running.set(service.name, supervised);
        supervised.start();
      }
      revision = desired.revision;
      publish();
    });
  };

  process.on('SIGHUP', reconcile);
  await killLeftovers(readJson<SupervisorState>(stateFile(layout)));
  const journal = new Journal(layout.journal);
  const watch = setInterval(() => journal.open() && recoverInChild(root, tenant), WATCH_MS);
  publish();
  reconcile();
  await new Promise<void>((resolve) => process.once('SIGTERM', resolve));
  clearInterval(watch);
  await reconciling;
  await Promise.all([...running.values()].map((supervised) => supervised.stop()));
  running.clear();
  revision = null;
  publish();
}

/** One process and its restarts. */
class Supervised {
  readonly service: ResolvedService;
  readonly #credentials: string;
  readonly #home: string;
  readonly #log: RotatingLog;
  readonly #changed: () => void;
  #child: ChildProcess | null = null;
  #since: string | null = null;
  #restarts = 0;
  #backoff = FIRST_BACKOFF_MS;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(service: ResolvedService, credentials: string, home: string, log: string, changed: () => void) {
    this.service = service;
    this.#credentials = credentials;
    this.#home = home;
    this.#log = new RotatingLog(log);
    this.#changed = changed;
  }

  start(): void {
    const [command, ...args] = this.service.argv;
    const started = Date.now();
    const child = spawn(command ?? '', args, {
      cwd: this.#home,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', ...this.service.env, ...this.#secrets() },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    this.#since = new Date(started).toISOString();
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    child.once('error', (error) => this.#log.write(Buffer.from(`could not be started: ${error.message}\n`)));
    child.once('close', (code, signal) => {
      this.#child = null;
      this.#log.write(Buffer.from(`[supervisor] ${this.service.name} ended (${signal ?? code})\n`));
      if (this.#stopping) return;
      if (Date.now() - started > SETTLED_MS) this.#backoff = FIRST_BACKOFF_MS;
      this.#timer = setTimeout(() => {
        this.#restarts++;
        this.start();
        this.#changed();
      }, this.#backoff);
      this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS);
      this.#changed();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    process.kill(child.pid, 'SIGTERM');
    const kill = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), this.service.stopTimeoutS * 1000);
    await ended;
    clearTimeout(kill);
  }

  status(): ServiceStatus {
    const pid = this.#child?.pid ?? null;
    return { name: this.service.name, active: pid !== null, pid, restarts: this.#restarts, since: this.#since };
  }

  #secrets(): Record<string, string> {
    return Object.fromEntries(
      this.service.credentials
        .map((name) => [name, join(this.#credentials, name)] as const)
        .filter(([, file]) => existsSync(file))
        .map(([name, file]) => [name, readFileSync(file, 'utf8')]),
    );
  }
}

/** In a process of its own: it asks this one to reconcile. It ends at once while an activation is under way (the lock). */
function recoverInChild(root: string, tenant: string): void {
  const args = [hostLayout(root).agent, 'recover', '--root', root, '--tenant', tenant];
  spawn(process.execPath, args, { stdio: 'ignore', detached: true }).unref();
}

/** A supervisor that was killed leaves its processes behind, holding their ports. */
async function killLeftovers(before: SupervisorState | null): Promise<void> {
  for (const { pid } of before?.services ?? []) {
    if (pid === null || !leadsItsGroup(pid)) continue;
    process.kill(-pid, 'SIGTERM');
    for (let waited = 0; leadsItsGroup(pid) && waited < 5_000; waited += 50) await sleep(50);
    if (leadsItsGroup(pid)) process.kill(-pid, 'SIGKILL');
  }
}

/** Ours lead a process group and run from chp's own trees; a later process with that number hardly does both. */
function leadsItsGroup(pid: number): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    return group === pid && command.includes('/trees/');
  } catch {
    return false;
  }
}

function writeAtomically(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
