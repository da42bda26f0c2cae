import { newTenantText } from '../adapters/documents/new-tenant.ts';
import { demoCalendarUrl } from '../adapters/runtimes/demo-model.ts';
import type { ApplyResult, CheckResult } from '../core/agent-protocol.ts';
import type { Digest } from '../core/digest.ts';
import { ChpError } from '../core/errors.ts';
import type { TenantDocument } from '../core/tenant/schema.ts';
import type { RunSummary } from '../core/worker-protocol.ts';
import { applyTenant } from './apply-tenant.ts';
import { verifyChain } from './audit.ts';
import { freePort, portOf, takenPorts } from './choose-port.ts';
import type { Context } from './context.ts';
import type { Converged } from './converge-tenant.ts';
import { createTenant } from './create-tenant.ts';
import { destroyTenant } from './destroy-tenant.ts';
import { openHost } from './host-link.ts';
import { installPack } from './packs/install-pack.ts';
import { listPacks } from './packs/list-packs.ts';
import { listRuns, runPack, type StartedRun } from './packs/runs.ts';
import { removeHomeOf } from './remove-home.ts';

export const DEMO = 'demo';
const BRIEF = 'morning-brief';
/** The demo runs as whoever started it, and leaves the machine's own services alone. */
const SERVICES = { manager: 'supervisor', image: null } as const;
/** The demo calendar takes anybody; its connector has the secrets that the real one would need. */
const CALENDAR_SECRETS = {
  clientId: 'GOOGLE_CLIENT_ID',
  clientSecret: 'GOOGLE_CLIENT_SECRET',
  refreshToken: 'GOOGLE_REFRESH_TOKEN',
};

export interface QuickstartResult {
  converged: Converged;
  /** true = it was there already. */
  again: boolean;
  model: string;
  auditEntries: number;
  /** What runs in the end, its pack included. */
  generation: Digest;
  checks: CheckResult[];
  /** One run of Morning Brief, installed from the catalogue that comes with chp. */
  brief: StartedRun;
  history: RunSummary[];
}

/** Stands up (or converges) the tenant `demo` on this machine: everything real, the model by what is at hand. */
export async function quickstart(
  context: Context,
  options: { modelUrl?: string; modelId?: string },
): Promise<QuickstartResult> {
  const registry = await context.registry();
  const known = (await registry.tenants()).find(({ name }) => name === DEMO);
  if (known && known.host !== 'local')
    throw new ChpError('CONFLICT', `a tenant named ${DEMO} exists on ${known.host}`, {
      next: ['The quickstart needs that name for itself.'],
    });
  const model = chooseModel(context.env, options);
  const again = known?.phase === 'ready';
  const converged = again ? await applyTenant(context, DEMO) : await create(context, model);
  const pushed = await installBrief(context);
  const brief = await runPack(context, DEMO, BRIEF, { inputs: {}, dryRun: false, wait: true, by: 'ana' });
  const history = await listRuns(context, DEMO, { pack: BRIEF, limit: 5 });
  const { entries } = await verifyChain(context);
  const { generation, checks } = converged.applied;
  const more = (pushed?.checks ?? []).filter(({ id }) => !checks.some((known) => known.id === id));
  return {
    converged,
    again,
    model: model.provider,
    auditEntries: entries,
    generation: pushed?.generation ?? generation,
    checks: [...checks, ...more],
    brief,
    history,
  };
}

export interface QuickstartRemoved {
  /** false: there was no demo tenant. */
  removed: boolean;
  /** Registry, keys, state and cache went with it, because nothing else had used them. */
  homeRemoved: boolean;
}

/** Removes the demo tenant and what the quickstart alone had made. */
export async function removeQuickstart(context: Context): Promise<QuickstartRemoved> {
  const registry = await context.registry();
  const removed = (await registry.tenants()).some(({ name }) => name === DEMO);
  if (removed) await destroyTenant(context, DEMO, { forget: false });
  return { removed, homeRemoved: await removeHomeOf(context, DEMO) };
}

/** @returns null when it was installed already */
async function installBrief(context: Context): Promise<ApplyResult | null> {
  if ((await listPacks(context, DEMO)).some(({ id }) => id === BRIEF)) return null;
  const inputs = { readers: ['ana'] };
  return (await installPack(context, DEMO, BRIEF, { inputs, stage: false, allowYanked: false })).pushed;
}

async function create(context: Context, model: TenantDocument['model']): Promise<Converged> {
  const gateway = { port: await demoPort(context) };
  const document: TenantDocument = {
    schema: 1,
    name: DEMO,
    topology: 'hub',
    host: 'local',
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    gateway,
    model,
    skills: ['household', 'mental-load', 'tools'].map((name) => ({ name, source: `builtin:${name}` })),
    connectors: { 'google-calendar': { url: demoCalendarUrl({ gateway }), secrets: CALENDAR_SECRETS } },
    members: [{ id: 'ana', name: 'Ana', role: 'Admin' }],
    services: { manager: SERVICES.manager },
  };
  const key =
    model.provider === 'anthropic' ? 'ANTHROPIC_API_KEY' : model.provider === 'openai' ? 'OPENAI_API_KEY' : null;
  const secrets = new Map(Object.values(CALENDAR_SECRETS).map((name) => [name, 'demo']));
  if (key) secrets.set(key, context.env[key] ?? '');
  return createTenant(context, {
    document: newTenantText(document),
    file: `${DEMO}/tenant.yaml`,
    baseDir: process.cwd(),
    secrets,
  });
}

/** Chosen before there is a document: the address of the demo calendar depends on it. */
async function demoPort(context: Context): Promise<number> {
  const tenants = await (await context.registry()).tenants();
  const known = tenants.find(({ name }) => name === DEMO);
  if (known) return portOf(known.document);
  await using host = await openHost(context, { name: DEMO, host: 'local', services: SERVICES });
  return freePort(takenPorts(host.facts.ports, 'local', tenants));
}

function chooseModel(
  env: NodeJS.ProcessEnv,
  { modelUrl, modelId }: { modelUrl?: string; modelId?: string },
): TenantDocument['model'] {
  if (modelUrl) return { provider: 'openai-compatible', baseUrl: modelUrl, id: modelId ?? 'default' };
  if (env.ANTHROPIC_API_KEY) return { provider: 'anthropic', ...(modelId ? { id: modelId } : {}) };
  if (env.OPENAI_API_KEY) return { provider: 'openai', ...(modelId ? { id: modelId } : {}) };
  return { provider: 'demo' };
}
