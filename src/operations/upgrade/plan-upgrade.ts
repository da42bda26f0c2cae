import type { AgentClient } from '../../adapters/agent/client.ts';
import { runtimeAdapter } from '../../adapters/runtimes/index.ts';
import type { HostRoom, HostStatus } from '../../core/agent-protocol.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { type GenerationManifest, type SignedGeneration, treesOf } from '../../core/generation.ts';
import { compareGenerations } from '../../core/plan.ts';
import type { PackRecord } from '../../core/ports/registry.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { releaseNotes } from '../../core/release-notes.ts';
import { readTreeFile } from '../../core/tree-archive.ts';
import { downtimeOf, roomChecks, roomNeeded, type UpgradePlan } from '../../core/upgrade.ts';
import { automationTrees } from '../automation-trees.ts';
import type { Context } from '../context.ts';
import { openHost } from '../host-link.ts';
import { resolvePacks } from '../packs/lock-packs.ts';
import { desiredGeneration } from '../push-tenant.ts';
import { assertRuntime, runtimeBundle } from '../runtime-bundle.ts';
import { configCheck } from './config-check.ts';
import { currentChecks } from './current-checks.ts';
import { type UpgradeRequest, type UpgradeTarget, upgradeTarget } from './target.ts';

export interface PlannedUpgrade {
  plan: UpgradePlan;
  target: UpgradeTarget;
  /** What runs now. */
  running: GenerationManifest | null;
}

/**
 * What an upgrade would do, and whether it can: on paper, on this machine and on the host, where nothing is changed.
 * @throws TENANT_NOT_FOUND; CONFLICT when it is not ready; BAD_INPUT for what can't be had; HOST_UNFIT and other HOST_* errors
 */
export async function planUpgrade(context: Context, name: string, request: UpgradeRequest): Promise<PlannedUpgrade> {
  const registry = await context.registry();
  const record = await registry.tenant(name);
  if (record.phase !== 'ready')
    throw new ChpError('CONFLICT', `${name} is not ready (${record.phase})`, { next: [`chp tenant apply ${name}`] });
  const target = upgradeTarget(record, request);
  const { tenant } = target;
  await assertRuntime(context, tenant);
  await using host = await context.progress.step(`Connect to ${tenant.host}`, () => openHost(context, tenant));
  const agent = host.agent();
  if (!agent)
    throw new ChpError('CONFLICT', `chp is not installed on ${tenant.host}`, { next: [`chp tenant apply ${name}`] });
  const bundle = await runtimeBundle(context, tenant, host.platform);
  const trees = await automationTrees(context, tenant, host.platform);
  const packs = await resolvePacks(context, tenant, { refresh: target.packs ? 'all' : [] });
  const { manifest } = await desiredGeneration(context, tenant, host.root, bundle, trees && { trees, packs });
  const status = await agent.status(name);
  const current = currentOf(name, status);
  const stored = await registry.generation(name, current);
  const running = stored && (JSON.parse(stored.signed) as SignedGeneration).manifest;
  const changes = compareGenerations(running, manifest, { from: current, to: digestOf(manifest) });
  const plan = await context.progress.step('Check what it needs', async () => {
    const changesRuntime = changes !== null && running?.runtime.app !== manifest.runtime.app;
    const room = await measured(agent, name, manifest);
    const sizes = [
      bundle.node,
      bundle.app,
      ...(trees ? [trees.worker, ...(trees.temporal ? [trees.temporal] : [])] : []),
    ];
    const config = await configCheck(context, tenant, host.root, bundle, status, changesRuntime);
    return {
      schema: 1 as const,
      tenant: name,
      host: host.transport.target,
      base: { generation: current, document: sha256(record.document) },
      generation: digestOf(manifest),
      document: sha256(target.document),
      empty: changes === null,
      runtime: changes?.runtime?.from ? { from: changes.runtime.from, to: changes.runtime.to } : null,
      packs: packChanges(await registry.packs(name), packs),
      services: changes === null ? [] : restarted(running, manifest),
      files: changes?.files ?? [],
      releaseNotes: changesRuntime ? await notesOf(bundle, running) : [],
      refused: config.refused,
      checks: [
        ...(room ? roomChecks(room, roomNeeded(room, sizes, changesRuntime), changesRuntime) : []),
        config.check,
        ...(changes === null ? [] : await currentChecks(agent, name, status)),
      ],
      downtime: downtimeOf({
        restartsGateway: changes !== null && restarted(running, manifest).includes('gateway'),
        changesRuntime,
        coldStartS: runtimeAdapter(tenant.runtime).coldStartS,
        migrationS: running && running.runtime.name !== manifest.runtime.name ? MIGRATION_S : 0,
        stateBytes: room?.stateBytes ?? 0,
      }),
    };
  });
  return { plan, target, running };
}

const MIGRATION_S = 15;

function currentOf(name: string, { current }: HostStatus): string {
  if (current) return current;
  throw new ChpError('CONFLICT', `${name} runs nothing on its host`, { next: [`chp tenant apply ${name}`] });
}

/** null where an agent of earlier can't be asked: the upgrade itself brings a new one. */
async function measured(agent: AgentClient, name: string, manifest: GenerationManifest): Promise<HostRoom | null> {
  return agent.measure(name, treesOf(manifest)).catch((error: unknown) => {
    if (error instanceof ChpError && error.code === 'AGENT_FAILED') return null;
    throw error;
  });
}

function packChanges(before: readonly PackRecord[], after: readonly PackRecord[]): UpgradePlan['packs'] {
  const known = new Map(before.map((pack) => [pack.id, pack]));
  return after.flatMap(({ id, version, integrity }) => {
    const old = known.get(id);
    return old?.integrity === integrity ? [] : [{ id, from: old?.version ?? null, to: version }];
  });
}

/** Services whose program, command or limits are other ones. */
function restarted(from: GenerationManifest | null, to: GenerationManifest): string[] {
  const program = (manifest: GenerationManifest, name: string): string => {
    const service = manifest.services.find((one) => one.name === name);
    const text = JSON.stringify(service ?? null);
    const trees = Object.entries(manifest.trees ?? {}).filter(([tree]) => text.includes(`{tree:${tree}}`));
    const app = text.includes('{app}') ? manifest.runtime.app : null;
    const files = manifest.files.filter(({ path }) => text.includes(`{generation}/${path}`));
    return digestOf([service ?? null, trees, app, manifest.runtime.node, files]);
  };
  return to.services
    .map(({ name }) => name)
    .filter((name) => from === null || program(from, name) !== program(to, name));
}

async function notesOf({ app, runtime }: RuntimeBundle, running: GenerationManifest | null): Promise<string[]> {
  const changelog = await readTreeFile(app.archive, `node_modules/${runtime.name}/CHANGELOG.md`);
  const from = running?.runtime.name === runtime.name ? running.runtime.version : null;
  return changelog === null ? [] : releaseNotes(changelog.toString('utf8'), from, runtime.version);
}
