import type { BlobSource } from '../../adapters/agent/client.ts';
import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import type { ApplyResult } from '../../core/agent-protocol.ts';
import { digestOf } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import type { TenantRecord } from '../../core/ports/registry.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import { automationTrees } from '../automation-trees.ts';
import { checkTenant } from '../check-tenant.ts';
import type { Context } from '../context.ts';
import { loadTenant, membersOf } from '../edit-tenant.ts';
import { type GenerationSource, readSource, sourceOf } from '../generation-source.ts';
import { installedAgent } from '../installed-agent.ts';
import { putBack } from '../kept-rows.ts';
import { openAhead, type PushLink } from '../known-host.ts';
import { blobsOf, pushGeneration } from '../push-generation.ts';
import { desiredGeneration, treesOf } from '../push-tenant.ts';
import { runtimeBundle } from '../runtime-bundle.ts';
import { type TenantJob, withTenantJob } from '../tenant-job.ts';
import { planRollbackWith, type RollbackPlan } from './plan-rollback.ts';

export interface RolledBack {
  tenant: string;
  plan: RollbackPlan;
  applied: ApplyResult;
  /** What was done with the gateway's state; null = its runtime is the same, so nothing had to be. */
  state: 'keep' | 'restore' | null;
}

/** What a rollback would do. Changes nothing. @throws NOT_FOUND naming what there is */
export async function planRollback(context: Context, name: string, wanted: string | null): Promise<RollbackPlan> {
  const { tenant } = await loadTenant(context, name);
  await using ahead = openAhead(context, name);
  return await context.progress.step('Read the generations on the host', async () => {
    const agent = installedAgent(await ahead.for(tenant), tenant);
    return (await planRollbackWith(await context.registry(), agent, name, wanted)).plan;
  });
}

/**
 * Activates a generation of earlier, whole, by the same journalled way as any other: it is checked, confirmed or taken
 * back. The registry says first what is meant from then on (tenant.yaml, skills, packs and secrets as that generation was
 * made of), so that whatever is cut, the next apply goes on to it; when it fails, they are what they were.
 *
 * @throws NOT_FOUND naming what there is; CONFLICT when the state's fate is left open, or another change came between;
 * all of `pushGeneration` and `checkTenant`
 */
export async function rollbackTenant(
  context: Context,
  name: string,
  options: { to: string; from: string | null; state: 'keep' | 'restore' | null },
): Promise<RolledBack> {
  const registry = await context.registry();
  await registry.tenant(name);
  await using ahead = openAhead(context, name);
  return await withTenantJob(context, name, 'rollback', { to: options.to, state: options.state }, async (job) => {
    const { record, tenant } = await loadTenant(context, name);
    const host = await job.step('facts', () => ahead.for(tenant));
    const agent = installedAgent(host, tenant);
    const { plan, signed } = await planRollbackWith(registry, agent, name, options.to);
    if (!plan.runs && options.from !== null && plan.from?.digest !== options.from)
      throw new ChpError('CONFLICT', `${name} runs another generation by now than when this was decided`, {
        next: [`chp rollback ${name} --to ${options.to}`],
      });
    const meant = await meantBy(context, record, signed);
    const back = meant && (await job.step('save', () => save(context, record, meant)));
    const applied = await activate(context, job, { plan, signed, host, tenant: meant?.tenant ?? tenant }, options.state)
      // What was to be meant is not: the host runs what it ran.
      .catch(async (error: unknown) => {
        await back?.();
        throw error;
      });
    await job.step('record', () => recordRollback(context, plan));
    if (!applied.checks.some(({ id, verdict }) => id === 'agent.turn' && verdict === 'pass'))
      applied.checks = await job.step('check', () => checkTenant(context, name, host));
    const state = plan.state.runtimeChanges || options.state === 'restore' ? options.state : null;
    return { tenant: name, plan, applied, state };
  });
}

interface Meant extends GenerationSource {
  tenant: Tenant;
}

/** null = it was not kept, or is of another chp: then the registry's document stays, and that is said. */
async function meantBy(context: Context, record: TenantRecord, { digest }: SignedGeneration): Promise<Meant | null> {
  const packed = await (await context.registry()).generationSource(record.name, digest);
  if (packed === null) {
    context.progress.warn('what that generation was made of is not kept: the next apply does again what is undone now');
    return null;
  }
  const source = readSource(packed);
  const { tenant } = parseTenant(source.document, `${record.name}/tenant.yaml`);
  if (tenant.host === record.host) return { ...source, tenant };
  throw new ChpError('CONFLICT', `that generation ran on ${tenant.host}, and ${record.name} is on ${record.host}`);
}

/** @returns what makes the registry say again what it said */
async function save(context: Context, record: TenantRecord, meant: Meant): Promise<() => Promise<void>> {
  const registry = await context.registry();
  const before = readSource(await sourceOf(registry, record));
  const set = async (to: GenerationSource, tenant: Tenant): Promise<void> => {
    await registry.together(async (changes) => {
      const { document, revision } = await changes.tenant(record.name);
      if (document !== to.document) await changes.saveDocument(record.name, to.document, revision, membersOf(tenant));
      await putBack(changes, record.name, to);
    });
  };
  await set(meant, meant.tenant);
  return () => set(before, parseTenant(before.document, `${record.name}/tenant.yaml`).tenant);
}

function activate(
  context: Context,
  job: TenantJob,
  { plan, signed, host, tenant }: { plan: RollbackPlan; signed: SignedGeneration; host: PushLink; tenant: Tenant },
  state: 'keep' | 'restore' | null,
): Promise<ApplyResult> {
  const { number, digest } = plan.to;
  return job.step(`activate ${number}`, () =>
    context.progress.step(`Go back to generation ${number} (${digest.slice(0, 12)})`, async (step) => {
      const registry = await context.registry();
      const blobs = plan.sends ? await madeAnew(context, signed, tenant, host) : NOTHING_IS_SENT;
      return pushGeneration(installedAgent(host, tenant), registry, signed, blobs, step, context.signal, {
        keep: tenant.retention.generations,
        rollback: { state },
      });
    }),
  );
}

const NOTHING_IS_SENT: BlobSource = {
  object: () => Promise.reject(removedMeanwhile()),
  tree: () => Promise.reject(removedMeanwhile()),
};
const removedMeanwhile = (): ChpError =>
  new ChpError('CONFLICT', 'the host has lost a part of that generation since it was asked', {
    next: ['Run the same command again: it is sent then.'],
  });

/** The bytes of a generation that the host lacks, from what it was made of. @throws NOT_FOUND when that makes another one */
async function madeAnew(
  context: Context,
  signed: SignedGeneration,
  tenant: Tenant,
  host: PushLink,
): Promise<BlobSource> {
  const bundle = await runtimeBundle(context, tenant, host.platform);
  const trees = await automationTrees(context, tenant, host.platform);
  const packs = await (await context.registry()).packs(tenant.name);
  const built = await desiredGeneration(context, tenant, host.root, bundle, trees && { trees, packs });
  if (digestOf(built.manifest) === signed.digest) return blobsOf(built, [bundle.node, bundle.app, ...treesOf(trees)]);
  throw new ChpError('NOT_FOUND', `generation ${signed.digest.slice(0, 12)} can't be made any more`, {
    why: 'The host removed it, and this chp makes another one of the same parts (other programs, another agent).',
    next: [`chp generation list ${tenant.name}`, `chp tenant apply ${tenant.name}`],
  });
}

async function recordRollback({ registry, actor }: Context, { tenant, from, to, runs }: RollbackPlan): Promise<void> {
  if (runs || !from || from.number === null) return;
  const reason = `gone back from, to generation ${to.number}, by ${actor}`;
  await (await registry()).setGenerationOutcome(tenant, from.digest, 'committed', reason);
}
