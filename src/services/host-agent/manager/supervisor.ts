import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceStatus } from '../../../core/agent-protocol.ts';
import { ChpError } from '../../../core/errors.ts';
import { hostLayout, tenantLayout } from '../../../core/host-layout.ts';
import { endProcessesOf, sendSignal } from '../processes.ts';
import type { Manager, ResolvedService } from './manager.ts';
import { desiredFile, isSupervisor, logFile, readJson, type SupervisorState, stateFile } from './supervisor-files.ts';
import { tailFile } from './tail-file.ts';

const START_MS = 15_000;
const STOP_MS = 60_000;
const POLITE_MS = 5_000;

/** The operator's side of `supervise`: one detached process a tenant, no root needed. */
export function supervisorManager(root: string, tenant: string): Manager {
  const layout = tenantLayout(root, tenant);
  const state = (): SupervisorState | null => {
    const found = readJson<SupervisorState>(stateFile(layout));
    return found && isSupervisor(found.pid, tenant) ? found : null;
  };
  const waitFor = async (what: string, ms: number, done: () => boolean): Promise<void> => {
    for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(20)) if (done()) return;
    throw new ChpError('DEADLINE', `the supervisor of ${tenant} did not ${what} in ${ms / 1000} s`, {
      next: [`Look at ${logFile(layout, 'supervisor')}.`],
    });
  };
  const stopSupervisor = async (): Promise<void> => {
    const found = state();
    if (!found) return;
    sendSignal(found.pid, 'SIGTERM');
    await waitFor('stop', STOP_MS, () => !isSupervisor(found.pid, tenant));
  };

  const reconcile = async (services: readonly ResolvedService[]): Promise<void> => {
    const revision = randomUUID();
    // Those that are to end may take their time, too.
    const before = readJson<{ services: ResolvedService[] }>(desiredFile(layout))?.services ?? [];
    mkdirSync(layout.run, { recursive: true, mode: 0o700 });
    writeFileSync(`${desiredFile(layout)}.new`, JSON.stringify({ revision, services }), { mode: 0o600 });
    renameSync(`${desiredFile(layout)}.new`, desiredFile(layout));
    if (!state()) {
      const child = spawn(process.execPath, [hostLayout(root).agent, 'supervise', '--root', root, '--tenant', tenant], {
        cwd: '/',
        detached: true,
        stdio: 'ignore',
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: layout.home },
      });
      child.unref();
    }
    const slowest = Math.max(0, ...[...services, ...before].map((service) => service.stopTimeoutS));
    await waitFor('start the services', START_MS + slowest * 1000, () => {
      const found = state();
      if (found && found.revision !== revision) sendSignal(found.pid, 'SIGHUP');
      return found?.revision === revision;
    });
  };
  const desired = (): ResolvedService[] =>
    readJson<{ services: ResolvedService[] }>(desiredFile(layout))?.services ?? [];
  return {
    reconcile,
    // It stays, with less or nothing to run: it may be the one that asks.
    stop: (only) => reconcile(desired().filter(({ name }) => only !== undefined && !only.includes(name))),
    async status(): Promise<ServiceStatus[]> {
      const found = state();
      return desired().map(
        ({ name }) =>
          found?.services.find((service) => service.name === name) ?? {
            name,
            active: false,
            pid: null,
            restarts: 0,
            since: null,
          },
      );
    },
    drift: async () => (existsSync(desiredFile(layout)) ? [] : [{ path: 'run/desired.json', problem: 'missing' }]),
    async remove() {
      await stopSupervisor();
      await endProcessesOf(root, tenant, POLITE_MS);
      rmSync(layout.run, { recursive: true, force: true });
    },
    // The supervisor itself looks for a cut activation every few seconds.
    armRecovery: async () => {},
    disarmRecovery: async () => {},
    logs: (service, lines, follow, signal) => tailFile(logFile(layout, service), lines, follow, signal),
  };
}
