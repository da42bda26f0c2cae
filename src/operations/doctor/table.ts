import type { Check } from './check.ts';
import { CATALOGUE } from './checks/catalogue.ts';
import { GATEWAY } from './checks/gateway.ts';
import { GENERATION } from './checks/generation.ts';
import { HERE } from './checks/here.ts';
import { HOST } from './checks/host.ts';
import { LINK } from './checks/link.ts';
import { SERVICES } from './checks/services.ts';
import { AUDIT, IDENTITY, PULUMI, SECRETS, TENANT } from './checks/tenant.ts';
import { BACKUPS, WORKER } from './checks/worker.ts';

/** Of this machine. */
export const MACHINE_CHECKS: readonly Check[] = [...HERE, ...CATALOGUE, ...AUDIT];

/** Of each tenant. */
export const TENANT_CHECKS: readonly Check[] = [
  ...TENANT,
  ...SECRETS,
  ...IDENTITY,
  ...PULUMI,
  ...LINK,
  ...HOST,
  ...SERVICES,
  ...GENERATION,
  ...GATEWAY,
  ...WORKER,
  ...BACKUPS,
];

export const ALL_CHECKS: readonly Check[] = [...MACHINE_CHECKS, ...TENANT_CHECKS];
