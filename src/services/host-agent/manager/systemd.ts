import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServiceStatus } from '../../../core/agent-protocol.ts';
import { ChpError } from '../../../core/errors.ts';
import { hostLayout, tenantLayout, unitName } from '../../../core/host-layout.ts';
import { run } from '../run.ts';
import type { Manager, ResolvedService } from './manager.ts';
import { LAUNCH_SCRIPT, launcher, renderUnit } from './unit.ts';

const UNITS = '/etc/systemd/system';

/** Runs a tenant's services as hardened system units. */
export function systemdManager(root: string, tenant: string): Manager {
  const layout = tenantLayout(root, tenant);
  const recovery = `chp-${tenant}-recover`;
  const unitFiles = (): string[] =>
    readdirSync(UNITS).filter((name) => name.startsWith(`chp-${tenant}-`) && name.endsWith('.service') && isOurs(name));
  const isOurs = (unit: string): boolean =>
    readFileSync(join(UNITS, unit), 'utf8').includes(
      `Description=chp: ${unit.slice(`chp-${tenant}-`.length, -'.service'.length)} of ${tenant}\n`,
    );

  return {
    async reconcile(services: readonly ResolvedService[], options) {
      writeIfChanged(launcher(layout), LAUNCH_SCRIPT, 0o755);
      const configWritable = options?.configWritable ?? false;
      const changed: string[] = [];
      for (const service of services) {
        const unit = unitName(tenant, service.name);
        if (writeIfChanged(join(UNITS, unit), renderUnit(tenant, service, layout, configWritable), 0o644))
          changed.push(unit);
      }
      const wanted = services.map((service) => unitName(tenant, service.name));
      const gone = unitFiles().filter((unit) => !wanted.includes(unit));
      if (gone.length > 0) {
        await run('systemctl', ['disable', '--now', ...gone]);
        for (const unit of gone) rmSync(join(UNITS, unit));
      }
      if (changed.length + gone.length > 0) await run('systemctl', ['daemon-reload']);
      await run('systemctl', ['reset-failed', ...wanted], { allowFailure: true });
      await run('systemctl', ['enable', '--quiet', ...wanted]);
      const active = new Set((await statusOf(wanted)).filter((unit) => unit.active).map((unit) => unit.name));
      for (const unit of wanted)
        if (changed.includes(unit)) await run('systemctl', ['restart', unit]);
        else if (!active.has(unit)) await run('systemctl', ['start', unit]);
    },
    async stop() {
      const units = unitFiles();
      if (units.length > 0) await run('systemctl', ['stop', ...units], { deadlineMs: 120_000 });
    },
    async status(): Promise<ServiceStatus[]> {
      const units = unitFiles();
      const found = units.length > 0 ? await statusOf(units) : [];
      return found.map((unit) => ({ ...unit, name: unit.name.slice(`chp-${tenant}-`.length, -'.service'.length) }));
    },
    async remove() {
      const units = unitFiles();
      if (units.length > 0) await run('systemctl', ['disable', '--now', ...units], { deadlineMs: 120_000 });
      for (const unit of units) rmSync(join(UNITS, unit), { force: true });
      await run('systemctl', ['daemon-reload']);
      if (units.length > 0) await run('systemctl', ['reset-failed', ...units], { allowFailure: true });
    },
    async armRecovery(seconds) {
      await this.disarmRecovery();
      await run('systemd-run', [
        '--quiet',
        '--collect',
        `--unit=${recovery}`,
        `--on-active=${seconds}`,
        process.execPath,
        hostLayout(root).agent,
        'recover',
        '--root',
        root,
        '--tenant',
        tenant,
      ]);
    },
    async disarmRecovery() {
      await run('systemctl', ['stop', `${recovery}.timer`], { allowFailure: true });
    },
    async *logs(service, lines, follow, signal) {
      const child = spawn(
        'journalctl',
        [
          '--unit',
          unitName(tenant, service),
          '--output',
          'short-iso',
          '--no-pager',
          '--lines',
          String(lines),
          ...(follow ? ['--follow'] : []),
        ],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
          signal,
        },
      );
      child.on('error', () => {});
      yield* createInterface({ input: child.stdout });
    },
  };
}

async function statusOf(units: readonly string[]): Promise<ServiceStatus[]> {
  const { stdout } = await run('systemctl', [
    'show',
    '--property=Id,ActiveState,SubState,MainPID,NRestarts,ActiveEnterTimestamp',
    ...units,
  ]);
  return stdout
    .trim()
    .split('\n\n')
    .map((block) => {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      const since = Date.parse(fields.ActiveEnterTimestamp ?? '');
      return {
        name: fields.Id ?? '',
        active: fields.ActiveState === 'active',
        pid: Number(fields.MainPID) || null,
        restarts: Number(fields.NRestarts ?? 0),
        since: Number.isNaN(since) ? null : new Date(since).toISOString(),
      };
    });
}

/** @returns true when the file was not as it is to be */
function writeIfChanged(path: string, content: string, mode: number): boolean {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return false;
  try {
    writeFileSync(`${path}.chp-new`, content, { mode });
    renameSync(`${path}.chp-new`, path);
  } catch (cause) {
    throw new ChpError('HOST_UNFIT', `${path} could not be written: ${(cause as Error).message}`, { cause });
  }
  return true;
}
