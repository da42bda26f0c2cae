import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ServiceStatus } from '../../../core/agent-protocol.ts';
import { acquireFlock } from '../../../core/flock.ts';
import { hostLayout, tenantLayout } from '../../../core/host-layout.ts';
import { Journal } from '../journal.ts';
import { endProcessesOf, sendSignal } from '../processes.ts';
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
const POLITE_MS = 5_000;
/** The lock of one that was just killed is let go a moment later. */
const HANDOVER_MS = 3_000;

/**
 * The supervisor of one tenant, where there is no systemd: keeps its processes running, with growing pauses between
 * restarts, and watches for activations that were cut. Runs until SIGTERM.
 */
export async function supervise(root: string, tenant: string): Promise<void> {
  const layout = tenantLayout(root, tenant);
  mkdirSync(layout.run, { recursive: true, mode: 0o700 });
  const me = {
    actor: userInfo().username,
    host: hostname(),
    pid: process.pid,
    what: 'supervise',
    since: new Date().toISOString(),
  };
  // A second one would start everything twice.
  await using _only = await acquireFlock(join(layout.run, 'lock'), me, { waitMs: HANDOVER_MS });
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
  await endProcessesOf(root, tenant, POLITE_MS);
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
    child.once('error', (error) => {
      this.#log.write(Buffer.from(`could not be started: ${error.message}\n`));
      if (child.pid === undefined) this.#ended(started, 'never began');
    });
    child.once('exit', (code, signal) => this.#ended(started, String(signal ?? code)));
  }

  #ended(started: number, how: string): void {
    this.#child = null;
    this.#log.write(Buffer.from(`[supervisor] ${this.service.name} ended (${how})\n`));
    if (this.#stopping) return;
    if (Date.now() - started > SETTLED_MS) this.#backoff = FIRST_BACKOFF_MS;
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.start();
      this.#changed();
    }, this.#backoff);
    this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS);
    this.#changed();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const { pid } = child;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    sendSignal(pid, 'SIGTERM');
    const kill = setTimeout(() => sendSignal(-pid, 'SIGKILL'), this.service.stopTimeoutS * 1000);
    await ended;
    clearTimeout(kill);
    // What it started and left behind may hold its port.
    sendSignal(-pid, 'SIGKILL');
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

/**
 * In a process of its own: it asks this one to reconcile. Only when nobody holds the tenant's lock, which means that
 * whoever began the activation is dead.
 */
function recoverInChild(root: string, tenant: string): void {
  const { lock } = tenantLayout(root, tenant);
  spawn('flock', ['-n', lock, 'true'], { stdio: 'ignore' })
    .on('error', () => {})
    .once('exit', (code) => {
      if (code !== 0) return;
      const args = [hostLayout(root).agent, 'recover', '--root', root, '--tenant', tenant];
      spawn(process.execPath, args, { stdio: 'ignore', detached: true }).unref();
    });
}

function writeAtomically(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
