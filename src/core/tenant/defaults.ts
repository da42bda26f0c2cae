import { DEFAULT_KEEP } from '../host-generations.ts';
import { BASE_IMAGE } from '../host-layout.ts';
import { DEFAULT_BACKUPS } from './keeping-schema.ts';
import { type Maintenance, WEEKDAYS } from './maintenance-schema.ts';
import type { Tenant, TenantDocument } from './schema.ts';

export const DEFAULT_RUNTIME = 'clawdbot@2026.1.24-3';
export const DEFAULT_PORT = 18789;

/** A validated document with every default filled in. Pure. */
export function withDefaults(document: TenantDocument): Tenant {
  const [name = 'clawdbot', version = ''] = (document.runtime ?? DEFAULT_RUNTIME).split(/@(.*)/s);
  return {
    name: document.name,
    topology: document.topology,
    host: document.host,
    labels: document.labels ?? {},
    timezone: document.timezone ?? 'UTC',
    runtime: { name: name as Tenant['runtime']['name'], version },
    gateway: { port: document.gateway?.port ?? DEFAULT_PORT },
    model: document.model,
    channels: Object.fromEntries(
      Object.entries(document.channels ?? {}).map(([id, channel]) => [
        id,
        {
          muted: channel.muted ?? true,
          settings: channel.settings ?? {},
          ...(channel.secret ? { secret: channel.secret } : {}),
        },
      ]),
    ),
    config: document.config ?? {},
    ownership: { family: document.ownership?.family ?? [], agent: document.ownership?.agent ?? [] },
    skills: document.skills ?? [],
    members: document.members ?? [],
    packs: (document.packs ?? []).map((pack) => ({
      ...pack,
      catalogue: pack.catalogue ?? 'builtin',
      inputs: pack.inputs ?? {},
      enabled: pack.enabled ?? true,
    })),
    connectors: Object.fromEntries(
      Object.entries(document.connectors ?? {}).map(([name, connector]) => [
        name,
        { ...connector, secrets: connector.secrets ?? {}, settings: connector.settings ?? {} },
      ]),
    ),
    notify: document.notify ?? {},
    automation: {
      ...document.automation,
      address: document.automation?.address ?? null,
      namespace: document.automation?.namespace ?? 'default',
      memoryMaxMb: document.automation?.memoryMaxMb ?? 768,
    },
    maintenance: maintenanceOf(document.maintenance),
    secrets: document.secrets ?? [],
    services: {
      manager: document.services?.manager ?? 'auto',
      image: document.services?.manager === 'compose' ? (document.services.image ?? BASE_IMAGE) : null,
      memoryMaxMb: document.services?.memoryMaxMb ?? 2048,
    },
    backups: {
      install: document.backups !== undefined,
      to: document.backups?.to ?? null,
      last: document.backups?.keepLast ?? DEFAULT_BACKUPS.last,
      daily: document.backups?.keepDaily ?? DEFAULT_BACKUPS.daily,
      weekly: document.backups?.keepWeekly ?? DEFAULT_BACKUPS.weekly,
    },
    retention: { generations: document.retention?.generations ?? DEFAULT_KEEP },
    hardening: {
      firewall: document.hardening?.firewall ?? true,
      allowPorts: document.hardening?.allowPorts ?? [],
      fail2ban: document.hardening?.fail2ban ?? false,
      unattendedUpgrades: document.hardening?.unattendedUpgrades ?? false,
    },
  };
}

function maintenanceOf({
  windows = [],
  quietHours,
  pause,
}: NonNullable<TenantDocument['maintenance']> = {}): Maintenance {
  return {
    windows: windows.map(({ days = [...WEEKDAYS], from, to }) => ({ days, from, to })),
    avoidQuietHours: quietHours === undefined ? windows.length === 0 : quietHours === 'avoid',
    pause: pause ?? null,
  };
}
