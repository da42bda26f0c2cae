import { existsSync, readFileSync } from 'node:fs';
import { unitName } from '../../../core/host-layout.ts';
import type { HistoryReading, ServiceReading } from '../../../core/host-readings.ts';
import { resolveServices } from '../manager/resolve.ts';
import { renderUnit } from '../manager/unit.ts';
import { run } from '../run.ts';
import { type Look, Unread } from './look.ts';

/** Of the unit's settings, those that `systemctl show` prints as they are written. */
const COMPARED = [
  ...['User', 'UMask', 'TasksMax', 'MemoryMax', 'Restart', 'KillMode', 'NoNewPrivileges', 'CapabilityBoundingSet'],
  ...['AmbientCapabilities', 'ProtectSystem', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'ProtectClock'],
  ...['ProtectControlGroups', 'ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables'],
  ...['ProtectProc', 'RestrictNamespaces', 'RestrictRealtime', 'RestrictSUIDSGID', 'LockPersonality', 'RemoveIPC'],
  'SystemCallArchitectures',
];
const STATE = [
  ...['Id', 'ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts', 'ActiveEnterTimestamp', 'UnitFileState'],
  ...['MemoryCurrent', 'NeedDaemonReload', 'DropInPaths'],
];
const MIB = 1024 * 1024;

export async function readServices(look: Look): Promise<ServiceReading[]> {
  const { host, tenant, manager, layout } = look;
  const services = resolveServices(host.root, look.manifest, null);
  if (host.manager !== 'systemd') {
    const found = new Map((await manager.status()).map((one) => [one.name, one]));
    return services.map(({ name, memoryMaxMb }) => ({
      ...{ name, memoryMaxMb, state: '', enabled: null, memoryMb: null, hardening: null },
      active: found.get(name)?.active ?? false,
      since: found.get(name)?.since ?? null,
      restarts: found.get(name)?.restarts ?? 0,
      process: processOf(found.get(name)?.pid ?? null),
    }));
  }
  const units = services.map(({ name }) => unitName(tenant, name));
  const args = ['show', '--timestamp=unix', `--property=${[...STATE, ...COMPARED].join(',')}`, ...units];
  const { stdout } = await run('systemctl', args);
  const blocks = stdout.trim().split('\n\n').map(fieldsOf);
  return services.map((service) => {
    const fields =
      blocks.find((block) => block.get('Id') === unitName(tenant, service.name)) ?? new Map<string, string>();
    const of = (key: string): string => fields.get(key) ?? '';
    const since = Number(of('ActiveEnterTimestamp').replace('@', '')) || 0;
    const wanted = settingsOf(renderUnit(tenant, service, layout, false));
    return {
      name: service.name,
      active: of('ActiveState') === 'active',
      state: `${of('ActiveState')} (${of('Result') === 'success' ? of('SubState') : of('Result')})`,
      since: since > 0 ? new Date(since * 1000).toISOString() : null,
      restarts: Number(of('NRestarts')) || 0,
      enabled: of('UnitFileState') === 'enabled',
      memoryMb: /^\d+$/.test(of('MemoryCurrent')) ? Math.round(Number(of('MemoryCurrent')) / MIB) : null,
      memoryMaxMb: service.memoryMaxMb,
      hardening: differences(wanted, fields),
      process: processOf(Number(of('MainPID')) || null),
    };
  });
}

/** Settings that are not in force, and files that were laid over the unit. Pure. */
export function differences(
  wanted: Map<string, string>,
  found: Map<string, string>,
): { property: string; wanted: string; found: string }[] {
  const off = COMPARED.flatMap((property) => {
    const [is, should] = [inForce(found.get(property) ?? ''), inForce(wanted.get(property) ?? '')];
    return is === should ? [] : [{ property, wanted: should, found: is }];
  });
  const over = found.get('DropInPaths') ?? '';
  if (over) off.push({ property: 'DropInPaths', wanted: '', found: over });
  if (found.get('NeedDaemonReload') === 'yes')
    off.push({ property: 'NeedDaemonReload', wanted: 'no', found: 'yes: its file is not the one that is in force' });
  return off;
}

/** Sizes in bytes, as systemd shows them. */
function inForce(value: string): string {
  const [, mib] = /^(\d+)M$/.exec(value) ?? [];
  return mib === undefined ? value : String(Number(mib) * MIB);
}

/** `[Service]` settings of a unit's text; of those that are there twice the first. Pure. */
export function settingsOf(unit: string): Map<string, string> {
  const lines = unit.split('\n').filter((line) => /^[A-Z]\w*=/.test(line));
  return new Map(lines.map((line) => line.split(/=(.*)/s) as [string, string]).reverse());
}

const fieldsOf = (block: string): Map<string, string> =>
  new Map(block.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]));

/** proc_pid_status(5) */
function processOf(pid: number | null): ServiceReading['process'] {
  const path = `/proc/${pid}/status`;
  if (pid === null || !existsSync(path)) return null;
  const fields = new Map(
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(/:\s*(.*)/s) as [string, string]),
  );
  const uid = fields.get('Uid')?.split(/\s+/)[1] ?? '';
  const name = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === uid)
    ?.split(':')[0];
  return {
    user: name ?? uid,
    noNewPrivileges: fields.get('NoNewPrivs') === '1',
    seccomp: fields.get('Seccomp') === '2',
    capabilities: /[^0]/.test(`${fields.get('CapBnd')}${fields.get('CapEff')}`),
  };
}

/** systemd's messages, by what they are about (systemd.journal-fields(7), `journalctl --catalog`). */
const MESSAGES: Record<string, 'restart' | 'oom' | 'failure'> = {
  '5eb03494b6584870a536b337290809b3': 'restart',
  fe6faa94e7774663a0da52717891d8ef: 'oom',
  d9b373ed55a64feb8242e02dbe79a49c: 'failure',
};
const MAX_EVENTS = 200;

export async function readHistory(look: Look): Promise<HistoryReading> {
  if (look.host.manager !== 'systemd') throw new Unread('only systemd keeps one');
  const names = look.manifest.services.map(({ name }) => name);
  const args = [
    '--output=json',
    '--no-pager',
    `--lines=${MAX_EVENTS}`,
    `--since=@${Math.floor(look.request.since / 1000)}`,
  ];
  const matches = [
    '_PID=1',
    ...Object.keys(MESSAGES).map((id) => `MESSAGE_ID=${id}`),
    ...names.map((name) => `UNIT=${unitName(look.tenant, name)}`),
  ];
  const { stdout } = await run('journalctl', [...args, ...matches], { deadlineMs: 14_000 });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const service = new Map(names.map((name) => [unitName(look.tenant, name), name]));
  return {
    events: lines.flatMap((line) => {
      const entry = JSON.parse(line) as Record<string, string | undefined>;
      const kind = MESSAGES[entry.MESSAGE_ID ?? ''];
      const name = service.get(entry.UNIT ?? '');
      if (!kind || !name) return [];
      const at = new Date(Number(entry.__REALTIME_TIMESTAMP) / 1000).toISOString();
      return [{ service: name, kind, at, detail: entry.UNIT_RESULT ?? '' }];
    }),
  };
}
