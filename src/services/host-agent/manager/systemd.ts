import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostStatus, ServiceStatus } from '../../../core/agent-protocol.ts';
import { ChpError } from '../../../core/errors.ts';
import { hostLayout, type TenantLayout, tenantLayout, unitName } from '../../../core/host-layout.ts';
import { run } from '../run.ts';
import type { Manager, ResolvedService } from './manager.ts';
import { LAUNCH_SCRIPT, launcher, renderRecoverUnit, renderUnit, withoutFingerprint } from './unit.ts';

const UNITS = '/etc/systemd/system';
/** Where `WantedBy=` of our units puts them. */
const WANTS = join(UNITS, 'multi-user.target.wants');
/** How soon, and how often, a cut activation is looked for. */
const WATCH_S = 20;

/** Runs a tenant's services as hardened system units. */
export function systemdManager(root: string, tenant: string): Manager {
  return new SystemdManager(root, tenant);
}

class SystemdManager implements Manager {
  readonly #root: string;
  readonly #tenant: string;
  readonly #layout: TenantLayout;
  /** A transient timer while an activation is under way, and a unit for every boot. */
  readonly #watch: string;
  readonly #recover: string;

  constructor(root: string, tenant: string) {
    this.#root = root;
    this.#tenant = tenant;
    this.#layout = tenantLayout(root, tenant);
    this.#watch = `chp-${tenant}-watch`;
    this.#recover = unitName(tenant, 'recover');
  }

  async reconcile(services: readonly ResolvedService[], options?: { configWritable: boolean }): Promise<void> {
    const slowestStopMs = (Math.max(0, ...services.map((service) => service.stopTimeoutS)) + 30) * 1000;
    writeIfChanged(launcher(this.#layout), LAUNCH_SCRIPT, 0o755);
    const recoverUnit = renderRecoverUnit(this.#tenant, this.#layout, this.#recoverArgv());
    const newRecover = writeIfChanged(join(UNITS, this.#recover), recoverUnit, 0o644);
    const changed = services.flatMap((service) => {
      const unit = unitName(this.#tenant, service.name);
      const text = renderUnit(this.#tenant, service, this.#layout, options?.configWritable ?? false);
      return writeIfChanged(join(UNITS, unit), text, 0o644) ? [unit] : [];
    });
    const wanted = services.map((service) => unitName(this.#tenant, service.name));
    const gone = this.#unitFiles().filter((unit) => !wanted.includes(unit));
    await this.#drop(gone);
    if (changed.length + gone.length > 0 || newRecover) await run('systemctl', ['daemon-reload']);
    // It makes systemd read every unit anew: a quarter of a second that most pushes can do without.
    const disabled = [this.#recover, ...wanted].filter((unit) => !existsSync(join(WANTS, unit)));
    if (disabled.length > 0) await run('systemctl', ['enable', '--quiet', ...disabled]);
    if (wanted.length === 0) return;
    const active = new Set((await statusOf(wanted)).filter((unit) => unit.active).map((unit) => unit.name));
    const due = wanted.filter((unit) => changed.includes(unit) || !active.has(unit));
    if (due.length > 0) await run('systemctl', ['reset-failed', ...due], { allowFailure: true });
    for (const unit of due)
      if (changed.includes(unit)) await run('systemctl', ['restart', unit], { deadlineMs: slowestStopMs });
      else await run('systemctl', ['start', unit]);
  }

  async stop(): Promise<void> {
    const units = this.#unitFiles();
    if (units.length > 0) await run('systemctl', ['stop', ...units], { deadlineMs: 120_000 });
  }

  async status(): Promise<ServiceStatus[]> {
    const units = this.#unitFiles();
    const found = units.length > 0 ? await statusOf(units) : [];
    return found.map((unit) => ({ ...unit, name: this.#serviceOf(unit.name) }));
  }

  drift(services: readonly ResolvedService[]): HostStatus['drift']['files'] {
    const wanted = new Map<string, string>([[launcher(this.#layout), LAUNCH_SCRIPT]]);
    for (const service of services) {
      // Whether the gateway may write its config is not known here: both forms are right.
      const forms = [false, true].map((writable) => renderUnit(this.#tenant, service, this.#layout, writable));
      const path = join(UNITS, unitName(this.#tenant, service.name));
      const found = readOrNull(path);
      const form = forms.find((text) => found !== null && withoutFingerprint(text) === withoutFingerprint(found));
      wanted.set(path, form === undefined ? (forms[0] ?? '') : (found ?? ''));
    }
    return [...wanted].flatMap(([path, text]) => {
      const found = readOrNull(path);
      return found === text ? [] : [{ path, problem: found === null ? ('missing' as const) : ('changed' as const) }];
    });
  }

  async remove(): Promise<void> {
    const units = this.#unitFiles();
    await this.#drop(existsSync(join(UNITS, this.#recover)) ? [...units, this.#recover] : units);
    rmSync(launcher(this.#layout), { force: true });
    await run('systemctl', ['daemon-reload']);
    if (units.length > 0) await run('systemctl', ['reset-failed', ...units], { allowFailure: true });
  }

  async armRecovery(): Promise<void> {
    const when = [`--on-active=${WATCH_S}`, `--on-unit-inactive=${WATCH_S}`, '--timer-property=AccuracySec=1s'];
    const args = ['--quiet', '--collect', `--unit=${this.#watch}`, ...when, ...this.#recoverArgv()];
    const { code } = await run('systemd-run', args, { allowFailure: true });
    if (code === 0) return;
    // One of an earlier activation is still there.
    await this.disarmRecovery();
    await run('systemd-run', args);
  }

  async disarmRecovery(): Promise<void> {
    await run('systemctl', ['stop', `${this.#watch}.timer`], { allowFailure: true });
  }

  async *logs(service: string, lines: number, follow: boolean, signal: AbortSignal): AsyncGenerator<string> {
    const unit = unitName(this.#tenant, service);
    const args = ['--unit', unit, '--output', 'short-iso', '--no-pager', '--lines', String(lines)];
    const child = spawn('journalctl', follow ? [...args, '--follow'] : args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
    });
    child.on('error', () => {});
    yield* createInterface({ input: child.stdout });
  }

  #recoverArgv(): string[] {
    const { agent } = hostLayout(this.#root);
    return [process.execPath, agent, 'recover', '--root', this.#root, '--tenant', this.#tenant];
  }

  #serviceOf(unit: string): string {
    return unit.slice(`chp-${this.#tenant}-`.length, -'.service'.length);
  }

  /** Another tenant's name may begin with ours: the description tells them apart. */
  #unitFiles(): string[] {
    const named = readdirSync(UNITS).filter(
      (name) => name.startsWith(`chp-${this.#tenant}-`) && name.endsWith('.service'),
    );
    return named.filter((name) =>
      readOrNull(join(UNITS, name))?.includes(`Description=chp: ${this.#serviceOf(name)} of ${this.#tenant}\n`),
    );
  }

  async #drop(units: readonly string[]): Promise<void> {
    if (units.length === 0) return;
    await run('systemctl', ['disable', '--now', '--quiet', ...units], { deadlineMs: 120_000 });
    for (const unit of units) rmSync(join(UNITS, unit), { force: true });
  }
}

async function statusOf(units: readonly string[]): Promise<ServiceStatus[]> {
  const properties = '--property=Id,ActiveState,MainPID,NRestarts,ActiveEnterTimestamp';
  const { stdout } = await run('systemctl', ['show', properties, '--timestamp=unix', ...units]);
  return stdout
    .trim()
    .split('\n\n')
    .map((block) => {
      const fields = new Map(block.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]));
      const since = Number(fields.get('ActiveEnterTimestamp')?.replace('@', '') || 0);
      return {
        name: fields.get('Id') ?? '',
        active: fields.get('ActiveState') === 'active',
        pid: Number(fields.get('MainPID')) || null,
        restarts: Number(fields.get('NRestarts') ?? 0),
        since: since > 0 ? new Date(since * 1000).toISOString() : null,
      };
    });
}

function readOrNull(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** @returns true when the file was not as it is to be */
function writeIfChanged(path: string, content: string, mode: number): boolean {
  if (readOrNull(path) === content) return false;
  try {
    writeFileSync(`${path}.chp-new`, content, { mode });
    renameSync(`${path}.chp-new`, path);
  } catch (cause) {
    throw new ChpError('HOST_UNFIT', `${path} could not be written: ${(cause as Error).message}`, { cause });
  }
  return true;
}
