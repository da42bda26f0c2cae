import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hostLayout, tenantLayout, unitName } from '../../../core/host-layout.ts';
import { run } from '../run.ts';
import { writeIfChanged } from './files.ts';
import { renderRecoverUnit } from './unit.ts';

export const UNITS = '/etc/systemd/system';
/** Where `WantedBy=` of our units puts them. */
const WANTS = join(UNITS, 'multi-user.target.wants');
/** How soon, and how often, a cut activation is looked for. */
const WATCH_S = 20;

export const isEnabled = (unit: string): boolean => existsSync(join(WANTS, unit));
export const hasSystemd = (): boolean => existsSync('/run/systemd/system');

/** What puts back a cut activation when nobody asks: a transient timer while one is under way, a unit for every boot. */
export class SystemdRecovery {
  /** The unit for every boot. */
  readonly unit: string;
  readonly #file: string;
  readonly #root: string;
  readonly #tenant: string;
  readonly #watch: string;

  constructor(root: string, tenant: string) {
    this.#root = root;
    this.#tenant = tenant;
    this.unit = unitName(tenant, 'recover');
    this.#file = join(UNITS, this.unit);
    this.#watch = `chp-${tenant}-watch`;
  }

  /** @returns true when systemd has to read its units anew; then, or at any time, the unit is to be enabled */
  writeUnit(): boolean {
    const text = renderRecoverUnit(this.#tenant, tenantLayout(this.#root, this.#tenant), this.#argv());
    return writeIfChanged(this.#file, text, 0o644);
  }

  async install(): Promise<void> {
    if (this.writeUnit()) await run('systemctl', ['daemon-reload']);
    if (!isEnabled(this.unit)) await run('systemctl', ['enable', '--quiet', this.unit]);
  }

  async arm(): Promise<void> {
    const when = [`--on-active=${WATCH_S}`, `--on-unit-inactive=${WATCH_S}`, '--timer-property=AccuracySec=1s'];
    const args = ['--quiet', '--collect', `--unit=${this.#watch}`, ...when, ...this.#argv()];
    const { code } = await run('systemd-run', args, { allowFailure: true });
    if (code === 0) return;
    // One of an earlier activation is still there.
    await this.disarm();
    await run('systemd-run', args);
  }

  async disarm(): Promise<void> {
    await run('systemctl', ['stop', `${this.#watch}.timer`], { allowFailure: true });
  }

  async remove(): Promise<void> {
    if (!existsSync(this.#file)) return;
    await run('systemctl', ['disable', '--now', '--quiet', this.unit], { deadlineMs: 120_000 });
    rmSync(this.#file, { force: true });
    await run('systemctl', ['daemon-reload']);
  }

  #argv(): string[] {
    const { agent } = hostLayout(this.#root);
    return [process.execPath, agent, 'recover', '--root', this.#root, '--tenant', this.#tenant];
  }
}
