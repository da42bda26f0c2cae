import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { AgentClient, ApplyOptions, BlobSource } from '../adapters/agent/client.ts';
import type { AgentEvent, ApplyCare, ApplyResult } from '../core/agent-protocol.ts';
import { digestOf } from '../core/digest.ts';
import { ChpError } from '../core/errors.ts';
import { MAX_FRAME } from '../core/frames.ts';
import { type SignedGeneration, signGeneration } from '../core/generation.ts';
import type { StepHandle } from '../core/ports/progress.ts';
import type { Registry } from '../core/ports/registry.ts';
import type { TreeRef } from '../core/ports/runtime.ts';
import type { BuiltGeneration } from './build-generation.ts';

/** Seconds the host waits for our confirmation before it goes back by itself. */
const CONFIRM_WITHIN_S = 30;

/** What a push may be told beside what is to run. */
export interface PushCare extends Pick<ApplyOptions, 'keep' | 'rollback'> {
  care?: ApplyCare;
  /** The host has proven it and waits for our word: what is recorded here is recorded before it is final there. */
  onProven?(): Promise<void>;
}

/**
 * The signed form of what is to run. A generation that was signed before is taken from the registry, so a converged
 * push needs no key.
 */
export async function signOnce(
  registry: Registry,
  built: BuiltGeneration,
  source: string,
  key: () => Promise<string>,
): Promise<SignedGeneration> {
  const digest = digestOf(built.manifest);
  const known = await registry.generation(built.manifest.tenant, digest);
  if (known) return JSON.parse(known.signed) as SignedGeneration;
  const signed = signGeneration(built.manifest, await key());
  await registry.addGeneration(built.manifest.tenant, signed.digest, JSON.stringify(signed), source);
  return signed;
}

/** Where the bytes of a generation that was built here come from. */
export function blobsOf(built: BuiltGeneration, refs: readonly TreeRef[]): BlobSource {
  const trees = new Map(refs.map((tree) => [tree.digest, tree]));
  const missing = (what: string, digest: string): ChpError =>
    new ChpError('AGENT_FAILED', `the host asked for ${what} that is not in the generation: ${digest}`);
  return {
    object: async (digest) => {
      const bytes = built.objects.get(digest);
      if (!bytes) throw missing('an object', digest);
      return { size: bytes.byteLength, stream: Readable.from([bytes]) };
    },
    tree: async (digest) => {
      const tree = trees.get(digest);
      if (!tree) throw missing('a tree', digest);
      return { size: tree.archiveSize, stream: createReadStream(tree.archive, { highWaterMark: MAX_FRAME }) };
    },
  };
}

/**
 * Sends a generation to its host, which activates, checks and commits it, or puts back what ran before.
 *
 * @throws ChpError UNHEALTHY or CONFIG_REFUSED when the host went back, INTERRUPTED when `signal` made it; the registry has the outcome either way.
 */
export async function pushGeneration(
  agent: AgentClient,
  registry: Registry,
  signed: SignedGeneration,
  blobs: BlobSource,
  step: StepHandle,
  signal: AbortSignal,
  how: PushCare = {},
): Promise<ApplyResult> {
  const { tenant } = signed.manifest;
  const settle = (outcome: 'committed' | 'reverted' | 'failed', reason?: string) =>
    registry.setGenerationOutcome(tenant, signed.digest, outcome, reason);
  let result: ApplyResult;
  try {
    const { care, keep, rollback } = how;
    result = await agent.apply(tenant, signed, blobs, {
      confirm: async () => {
        await how.onProven?.();
        return true;
      },
      confirmWithinS: CONFIRM_WITHIN_S,
      onEvent: (event) => show(step, event),
      signal,
      ...(care ? { care } : {}),
      ...(keep === undefined ? {} : { keep }),
      ...(rollback ? { rollback } : {}),
    });
  } catch (error) {
    await settle('failed', error instanceof Error ? error.message : String(error));
    throw error;
  }
  if (result.outcome === 'reverted') {
    await settle('reverted', result.reason);
    if (signal.aborted)
      throw new ChpError('INTERRUPTED', 'stopped: the host put back what ran before', {
        next: ['Run the same command again to go on.', `chp tenant show ${tenant}`],
      });
    const failed = result.checks.filter((check) => check.verdict === 'fail');
    throw new ChpError(
      'UNHEALTHY',
      `the new generation failed and was put back: ${result.reason ?? 'a check failed'}`,
      {
        why: failed.map((check) => `${check.title}: ${check.detail}`).join('; ') || 'See the logs of the gateway.',
        next: [...failed.flatMap((check) => (check.fix ? [check.fix] : [])), `chp logs ${tenant}`],
        details: {
          generation: signed.digest,
          checks: result.checks,
          ...(result.change ? { change: result.change } : {}),
        },
      },
    );
  }
  await record(registry, tenant, signed.digest);
  return result;
}

/** The generation that runs. Nothing is written where nothing changes. */
async function record(registry: Registry, tenant: string, digest: string): Promise<void> {
  const [known, { generation }] = await Promise.all([registry.generation(tenant, digest), registry.tenant(tenant)]);
  if (known?.outcome === 'committed' && generation === digest) return;
  await registry.together(async (changes) => {
    await changes.setGenerationOutcome(tenant, digest, 'committed');
    await changes.updateTenant(tenant, { generation: digest });
  });
}

function show(step: StepHandle, event: AgentEvent): void {
  if (event.event === 'progress' && event.total === 0) step.says(event.what);
  else if (event.event === 'progress') step.update(event.done, event.total, event.what);
  if (event.event === 'step') step.says(event.note ?? event.step);
  if (event.event === 'check' && event.check.verdict === 'fail')
    step.warn(`${event.check.title}: ${event.check.detail}`);
}
