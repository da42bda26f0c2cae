import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostStatus, ServiceStatus } from '../../../core/agent-protocol.ts';
import { type TenantLayout, tenantLayout, unitName } from '../../../core/host-layout.ts';
import { run } from '../run.ts';
import { readOrNull, writeIfChanged } from './files.ts';
import type { Manager, ResolvedService } from './manager.ts';
import { isEnabled, SystemdRecovery, UNITS } from './systemd-recovery.ts';
import { LAUNCH_SCRIPT, launcher, renderUnit, withoutFingerprint } from './unit.ts';

/** Runs a tenant's services as hardened system units. */
export function systemdManager(root: string, tenant: string): Manager {
  return new SystemdManager(root, tenant);
}

class SystemdManager implements Manager {
  readonly #tenant: string;
  readonly #layout: TenantLayout;
  readonly #recovery: SystemdRecovery;

  constructor(root: string, tenant: string) {
    this.#tenant = tenant;
    this.#layout = tenantLayout(root, tenant);
    this.#recovery = new SystemdRecovery(root, tenant);
  }

  async reconcile(services: readonly ResolvedService[], options?: { configWritable: boolean }): Promise<void> {
    const slowestStopMs = (Math.max(0, ...services.map((service) => service.stopTimeoutS)) + 30) * 1000;
    writeIfChanged(launcher(this.#layout), LAUNCH_SCRIPT, 0o755);
    const newRecover = this.#recovery.writeUnit();
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
    const disabled = [this.#recovery.unit, ...wanted].filter((unit) => !isEnabled(unit));
    if (disabled.length > 0) await run('systemctl', ['enable', '--quiet', ...disabled]);
    if (wanted.length === 0) return;
    const active = new Set((await statusOf(wanted)).filter((unit) => unit.active).map((unit) => unit.name));
    const due = wanted.filter((unit) => changed.includes(unit) || !active.has(unit));
    if (due.length > 0) await run('systemctl', ['reset-failed', ...due], { allowFailure: true });
    for (const unit of due)
      if (changed.includes(unit)) await run('systemctl', ['restart', unit], { deadlineMs: slowestStopMs });
      else await run('systemctl', ['start', unit]);
  }

  async stop(only?: readonly string[]): Promise<void> {
    const units = this.#unitFiles().filter((unit) => only?.includes(this.#serviceOf(unit)) ?? true);
    if (units.length > 0) await run('systemctl', ['stop', ...units], { deadlineMs: 120_000 });
  }

  async status(): Promise<ServiceStatus[]> {
    const units = this.#unitFiles();
    const found = units.length > 0 ? await statusOf(units) : [];
    return found.map((unit) => ({ ...unit, name: this.#serviceOf(unit.name) }));
  }

  async drift(services: readonly ResolvedService[]): Promise<HostStatus['drift']['files']> {
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
    await this.#drop(units);
    await this.#recovery.remove();
    rmSync(launcher(this.#layout), { force: true });
    await run('systemctl', ['daemon-reload']);
    if (units.length > 0) await run('systemctl', ['reset-failed', ...units], { allowFailure: true });
  }

  armRecovery(): Promise<void> {
    return this.#recovery.arm();
  }

  disarmRecovery(): Promise<void> {
    return this.#recovery.disarm();
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
