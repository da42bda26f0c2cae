import type { AgentClient } from '../../adapters/agent/client.ts';
import { ChpError } from '../../core/errors.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import type { RewindPlan } from '../../core/host-generations.ts';
import { compareGenerations, type GenerationChange } from '../../core/plan.ts';
import type { GenerationRecord, JobRecord, Registry } from '../../core/ports/registry.ts';
import { findGeneration, type KnownGeneration, knownGenerations, notThere } from './find-generation.ts';

/** What a rollback would do, before anything is done. */
export interface RollbackPlan {
  tenant: string;
  from: { number: number | null; digest: string } | null;
  to: { number: number; digest: string; runtime: string; provenAt: string | null };
  /** It runs already: what is left to do is to record and to check that. */
  runs: boolean;
  /** The host lacks something of it: it is made anew and sent. */
  sends: boolean;
  change: GenerationChange | null;
  state: RewindPlan;
  /**
   * What becomes of tenant.yaml, skills, packs and secrets in the registry: `restored` to what that generation was made
   * of, or `unknown`, where that was not kept: then the next apply would do again what is rolled back.
   */
  document: 'restored' | 'unknown';
}

/** The generation to go to, and what it takes. `wanted` null = the last proven one before the one that runs. */
export async function planRollbackWith(
  registry: Registry,
  agent: AgentClient,
  name: string,
  wanted: string | null,
): Promise<{ plan: RollbackPlan; signed: SignedGeneration }> {
  const [records, host, jobs] = await Promise.all([
    registry.generations(name),
    agent.generations(name),
    registry.jobs(name),
  ]);
  const known = knownGenerations(records, host);
  const target = chooseTarget(name, known, wanted ?? interruptedTarget(jobs));
  const { record, host: there } = target;
  if (!record)
    throw notThere(name, known, target.digest.slice(0, 12), 'It lies on the host, but this registry does not know it.');
  const signed = JSON.parse(record.signed) as SignedGeneration;
  const source = await registry.generationSource(name, record.digest);
  if (!there?.complete && source === null)
    throw notThere(name, known, String(record.number), 'The host removed it, and what it was made of is not kept.');
  const current = known.find(({ host: one }) => one?.current) ?? null;
  const { runtime } = signed.manifest;
  return {
    signed,
    plan: {
      tenant: name,
      from: current && { number: current.record?.number ?? null, digest: current.digest },
      to: {
        number: record.number,
        digest: record.digest,
        runtime: `${runtime.name}@${runtime.version}`,
        provenAt: there?.provenAt ?? null,
      },
      runs: current?.digest === record.digest,
      sends: !there?.complete,
      change: changeOf(current?.record ?? null, signed),
      state: await agent.rewindPlan(name, signed),
      document: source === null ? 'unknown' : 'restored',
    },
  };
}

function chooseTarget(name: string, known: readonly KnownGeneration[], wanted: string | null): KnownGeneration {
  if (wanted !== null) return findGeneration(name, known, wanted);
  const before = known.find(({ host }) => host?.lastProven);
  if (before) return before;
  throw new ChpError('NOT_FOUND', `${name} has no proven generation before the one that runs`, {
    why: 'None is on the host, or each has been gone back from.',
    next: [`chp generation list ${name}`, `chp rollback ${name} --to NUMBER`],
  });
}

/** Where a rollback was going that was cut: the same command again goes on there, not one further back. */
export function interruptedTarget(jobs: readonly JobRecord[]): string | null {
  const last = [...jobs].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0];
  if (last?.kind !== 'rollback' || !['running', 'interrupted'].includes(last.state)) return null;
  return last.steps.map(({ step }) => /^activate (\d+)$/.exec(step)?.[1]).findLast((number) => number) ?? null;
}

function changeOf(from: GenerationRecord | null, to: SignedGeneration): GenerationChange | null {
  const before = from && (JSON.parse(from.signed) as SignedGeneration).manifest;
  return compareGenerations(before, to.manifest, { from: from?.digest ?? null, to: to.digest });
}
