import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hostProgram } from '../../adapters/agent/bundle.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { TenantPlan } from '../../core/plan.ts';
import type { JobRecord, SecretRecord, TenantRecord } from '../../core/ports/registry.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { missingSecrets, neededSecrets } from '../needed-secrets.ts';

/** What the registry and the Pulumi state say of a tenant, and how far the way to its host goes. */
export interface TenantReadings {
  record: Omit<TenantRecord, 'document'>;
  document: { tenant: Tenant | null; fault: string | null };
  lastJob: JobRecord | null;
  storedSecrets: { kept: Omit<SecretRecord, 'ciphertext'>[]; missing: string[] };
  /** Of the host agent that belongs to this chp. */
  ownAgent: { digest: Digest };
  pulumiState: PulumiStateReading;
  /** With --drift only. */
  plan: TenantPlan;
  link: LinkReading;
  /** Folders of the base, as they should be. */
  base: { path: string; mode: string; owner: string | null }[];
  /** TCP ports that should be open; null = no firewall of chp's is asked for. */
  ports: number[] | null;
}

export interface PulumiStateReading {
  /** There is a stack. */
  present: boolean;
  pending: { type: string; resource: string }[];
  /** Files of locks, with their age. */
  locks: { file: string; ageS: number }[];
}

/** Where the way to the agent ends; null = it answers. */
export const LINK_STAGES = ['reach', 'host-key', 'login', 'root', 'agent'] as const;
export interface LinkReading {
  host: string;
  failedAt: (typeof LINK_STAGES)[number] | null;
  why: string;
  next: readonly string[];
  ms: number;
}

type OfRegistry = Omit<TenantReadings, 'link' | 'base' | 'ports'>;
export type RegistryReadingName = keyof OfRegistry;

export const REGISTRY_LIMITS: Readonly<Record<RegistryReadingName, number>> = {
  record: 20_000,
  document: 20_000,
  lastJob: 20_000,
  storedSecrets: 20_000,
  ownAgent: 60_000,
  pulumiState: 10_000,
  plan: 300_000,
};

export const OF_REGISTRY: {
  [K in RegistryReadingName]: (context: Context, tenant: string) => Promise<TenantReadings[K]>;
} = {
  record: async (context, name) => {
    const { document: _, ...record } = await (await context.registry()).tenant(name);
    return record;
  },
  document: async (context, name) => {
    try {
      return { tenant: (await loadTenant(context, name)).tenant, fault: null };
    } catch (error) {
      if (error instanceof ChpError && error.code === 'BAD_DOCUMENT') return { tenant: null, fault: error.message };
      throw error;
    }
  },
  lastJob: async (context, name) => {
    const jobs = await (await context.registry()).jobs(name);
    return jobs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0] ?? null;
  },
  storedSecrets: async (context, name) => {
    const { tenant } = await loadTenant(context, name).catch(documentIsTold);
    const secrets = await (await context.registry()).secrets(name);
    const needed = new Set(neededSecrets(tenant));
    return {
      kept: secrets.filter((one) => needed.has(one.name)).map(({ ciphertext: _, ...kept }) => kept),
      missing: missingSecrets(
        tenant,
        secrets.map((one) => one.name),
      ),
    };
  },
  ownAgent: async ({ home }) => ({ digest: (await hostProgram('agent', home)).digest }),
  pulumiState: async ({ home, env }, name) => {
    if (env.CHP_PULUMI_BACKEND_URL) throw notHere();
    const state = join(home.pulumiState, '.pulumi');
    const file = statSync(join(state, 'stacks', 'chp', `${name}.json`), { throwIfNoEntry: false });
    const locks = filesIn(join(state, 'locks', 'organization', 'chp', name));
    return {
      present: file !== undefined,
      pending: file ? pendingIn(readFileSync(join(state, 'stacks', 'chp', `${name}.json`), 'utf8')) : [],
      locks: locks.map((path) => ({
        file: path,
        ageS: Math.round((Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())) / 1000),
      })),
    };
  },
  // Loaded on use, with all that it takes to plan.
  plan: async (context, name) => (await import('../plan-tenant.ts')).planTenant(context, name),
};

/** Not to be read, and no fault. */
export class NotRead extends Error {}
const documentIsTold = (error: unknown): never => {
  throw error instanceof ChpError && error.code === 'BAD_DOCUMENT' ? new NotRead(error.message) : error;
};
const notHere = (): NotRead => new NotRead('the state is not in a folder of this machine; --drift asks the engine');

/** What a killed run had begun: read from the file, which takes a thousandth of what the engine takes. */
function pendingIn(json: string): PulumiStateReading['pending'] {
  const { checkpoint } = JSON.parse(json) as {
    checkpoint?: { latest?: { pending_operations?: { type: string; resource: { urn: string } }[] } };
  };
  const pending = checkpoint?.latest?.pending_operations ?? [];
  return pending.map(({ type, resource }) => ({ type, resource: resource.urn.split('::').at(-1) ?? '' }));
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir).map((name) => join(dir, name));
  } catch {
    return [];
  }
}
