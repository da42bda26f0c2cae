import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostStatus, ServiceStatus } from '../../../core/agent-protocol.ts';
import { ChpError } from '../../../core/errors.ts';
import { hostLayout, type TenantLayout, tenantLayout } from '../../../core/host-layout.ts';
import { parentOf, processesOf } from '../processes.ts';
import { run } from '../run.ts';
import { userOf } from '../users.ts';
import {
  composeFile,
  passwdFile,
  renderCompose,
  renderPasswd,
  servicesIn,
  withoutFingerprints,
} from './compose-file.ts';
import { type Container, composeCommand, containersOf, docker, imageId, removeContainer } from './docker.ts';
import { readOrNull, writeIfChanged } from './files.ts';
import type { Manager, ResolvedService } from './manager.ts';
import { RotatingLog } from './rotating-log.ts';
import { hasSystemd, SystemdRecovery } from './systemd-recovery.ts';
import { tailFile } from './tail-file.ts';
import { LAUNCH_SCRIPT, launcher } from './unit.ts';

const UP_MS = 120_000;
/** Lines that are kept of a container that is replaced: why it failed is in its last ones. */
const KEPT_LINES = 5_000;

/** Runs a tenant's services as containers, from one compose file. */
export function composeManager(root: string, tenant: string): Manager {
  return new ComposeManager(root, tenant);
}

class ComposeManager implements Manager {
  readonly #root: string;
  readonly #tenant: string;
  readonly #layout: TenantLayout;
  readonly #file: string;
  /** null where there is no systemd: then a process of ours watches an activation. */
  readonly #recovery: SystemdRecovery | null;

  constructor(root: string, tenant: string) {
    this.#root = root;
    this.#tenant = tenant;
    this.#layout = tenantLayout(root, tenant);
    this.#file = composeFile(root, tenant);
    this.#recovery = hasSystemd() ? new SystemdRecovery(root, tenant) : null;
  }

  async reconcile(services: readonly ResolvedService[], options?: { configWritable: boolean }): Promise<void> {
    const images = await this.#imagesOf(services);
    const missing = [...images].find(([, id]) => id === null)?.[0];
    if (missing !== undefined)
      throw new ChpError('HOST_UNFIT', `the image ${missing} is not on the host`, {
        next: [`On the host: docker pull ${missing}`, `chp tenant apply ${this.#tenant}`],
      });
    const isWanted = (container: Container): boolean =>
      services.some(
        ({ name, fingerprint, image = '' }) =>
          name === container.service && fingerprint === container.fingerprint && images.get(image) === container.image,
      );
    // Compose would replace them, too, but leaves a mess when it is cut; and their logs would be lost.
    for (const container of await containersOf(this.#layout.dir)) {
      if (!isWanted(container)) await this.#drop(container);
    }
    mkdirSync(this.#layout.run, { recursive: true, mode: 0o700 });
    for (const { path, text, mode } of this.#files(services, options?.configWritable ?? false))
      writeIfChanged(path, text, mode);
    await this.#recovery?.install();
    if (services.length > 0) await this.#compose('up', '--detach', '--no-build', '--remove-orphans');
  }

  async stop(only?: readonly string[]): Promise<void> {
    for (const { id, service, stopTimeoutS } of await containersOf(this.#layout.dir))
      if (only?.includes(service) ?? true)
        await docker(['stop', '--time', String(stopTimeoutS), id], { deadlineMs: (stopTimeoutS + 60) * 1000 });
  }

  async status(): Promise<ServiceStatus[]> {
    const names = servicesIn(readOrNull(this.#file) ?? '');
    const containers = names.length > 0 ? await containersOf(this.#layout.dir) : [];
    return names.map((name) => {
      const found = containers.find(({ service }) => service === name);
      const { active = false, restarts = 0, since = null, initPid = null } = found ?? {};
      return { name, active, pid: this.#mainProcess(initPid), restarts, since };
    });
  }

  async drift(services: readonly ResolvedService[]): Promise<HostStatus['drift']['files']> {
    // Whether the gateway may write its config is not known here: both forms are right.
    const forms = [false, true].map((writable) => this.#files(services, writable));
    const bare = (text: string | null) => text && withoutFingerprints(text);
    const files = (forms[0] ?? []).flatMap(({ path }, index): HostStatus['drift']['files'] => {
      const found = bare(readOrNull(path));
      if (forms.some((form) => bare(form[index]?.text ?? null) === found)) return [];
      return [{ path, problem: found === null ? 'missing' : 'changed' }];
    });
    const images = await this.#imagesOf(services);
    const containers = await containersOf(this.#layout.dir);
    const stale = [...images].flatMap(([name, id]): typeof files => {
      if (id === null) return [{ path: `image ${name}`, problem: 'missing' }];
      const using = services.filter(({ image }) => image === name).map((service) => service.name);
      const old = containers.some(({ service, image }) => using.includes(service) && image !== id);
      return old ? [{ path: `image ${name}`, problem: 'changed' }] : [];
    });
    return [...files, ...stale];
  }

  async remove(): Promise<void> {
    for (const container of await containersOf(this.#layout.dir)) await this.#drop(container);
    await this.#recovery?.remove();
    for (const path of [launcher(this.#layout), passwdFile(this.#root, this.#tenant), this.#file])
      rmSync(path, { force: true });
  }

  async armRecovery(): Promise<void> {
    if (this.#recovery) return this.#recovery.arm();
    const { agent } = hostLayout(this.#root);
    spawn(process.execPath, [agent, 'watch', '--root', this.#root, '--tenant', this.#tenant], {
      cwd: '/',
      detached: true,
      stdio: 'ignore',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    }).unref();
  }

  /** What watches where there is no systemd ends by itself, with the activation. */
  async disarmRecovery(): Promise<void> {
    await this.#recovery?.disarm();
  }

  async *logs(service: string, lines: number, follow: boolean, signal: AbortSignal): AsyncGenerator<string> {
    const container = (await containersOf(this.#layout.dir)).find((one) => one.service === service);
    const recent = container ? (await this.#logOf(container, lines)).split('\n').filter(Boolean) : [];
    const earlier = tailFile(this.#logFile(service), Math.max(0, lines - recent.length), false, signal);
    yield* earlier;
    if (!follow || !container) return void (yield* recent);
    const child = spawn(
      'sh',
      ['-c', 'exec docker logs --follow --tail "$1" "$2" 2>&1', 'sh', `${lines}`, container.id],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        signal,
      },
    );
    child.on('error', () => {});
    yield* createInterface({ input: child.stdout });
  }

  #files(
    services: readonly ResolvedService[],
    configWritable: boolean,
  ): { path: string; text: string; mode: number }[] {
    const [root, tenant, user] = [this.#root, this.#tenant, userOf(this.#tenant)];
    return [
      { path: launcher(this.#layout), text: LAUNCH_SCRIPT, mode: 0o755 },
      { path: passwdFile(root, tenant), text: renderPasswd({ root, tenant, user }), mode: 0o644 },
      { path: this.#file, text: renderCompose({ root, tenant, user, services, configWritable }), mode: 0o600 },
    ];
  }

  async #imagesOf(services: readonly ResolvedService[]): Promise<Map<string, string | null>> {
    const names = new Set(services.map(({ image = '' }) => image));
    return new Map(await Promise.all([...names].map(async (name) => [name, await imageId(name)] as const)));
  }

  async #compose(...args: string[]): Promise<void> {
    const [command, ...before] = await composeCommand();
    await run(command, [...before, '--project-name', `chp-${this.#tenant}`, '--file', this.#file, ...args], {
      deadlineMs: UP_MS,
    });
  }

  /** The engine's init starts the service's process, which is the one that counts. */
  #mainProcess(initPid: number | null): number | null {
    if (initPid === null) return null;
    return processesOf(this.#root, this.#tenant).find((pid) => parentOf(pid) === initPid) ?? null;
  }

  #logFile(service: string): string {
    // Not in the tenant's own folder of logs: we write as root, and would follow a link that lies there.
    return join(this.#layout.run, `${service}.log`);
  }

  async #logOf({ id }: Container, lines: number): Promise<string> {
    const args = ['-c', 'exec docker logs --tail "$1" "$2" 2>&1', 'sh', String(lines), id];
    return (await run('sh', args, { allowFailure: true })).stdout;
  }

  /** Its log stays. */
  async #drop(container: Container): Promise<void> {
    const text = await this.#logOf(container, KEPT_LINES);
    if (text !== '') new RotatingLog(this.#logFile(container.service)).write(Buffer.from(text));
    await removeContainer(container);
  }
}
