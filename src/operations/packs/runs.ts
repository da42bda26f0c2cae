import { ChpError } from '../../core/errors.ts';
import type { Envelope, StoredMessage } from '../../core/ports/automation.ts';
import type { RunSummary, TrailEntry } from '../../core/worker-protocol.ts';
import type { RunResult } from '../../packs/interpret/ports.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { callWorker } from './call-worker.ts';
import { packEntry } from './lock-packs.ts';

const MAX_INBOX = 500;

export interface StartedRun {
  run: string;
  /** null unless its end was waited for. */
  result: RunResult | null;
}

/** Starts a run by hand, and waits for its end unless told otherwise. @throws NOT_FOUND, BAD_INPUT */
export async function runPack(
  context: Context,
  name: string,
  pack: string,
  options: { inputs: Record<string, unknown>; dryRun: boolean; wait: boolean; by: string | undefined },
): Promise<StartedRun> {
  const { tenant } = await loadTenant(context, name);
  packEntry(tenant, pack);
  const by = options.by ?? tenant.members[0]?.id ?? context.actor;
  const { inputs, dryRun, wait } = options;
  const title = wait ? `Run ${pack} and wait for its end` : `Start ${pack}`;
  const answer = await context.progress.step(title, () =>
    callWorker(context, name, 'run', { pack, inputs, dryRun, wait, by }),
  );
  const { run, result = null } = answer as { run: string; result?: RunResult };
  return { run, result };
}

export function listRuns(
  context: Context,
  name: string,
  filter: { pack?: string; limit: number },
): Promise<RunSummary[]> {
  return callWorker(context, name, 'runs', filter) as Promise<RunSummary[]>;
}

/** One run with its steps; what it gave is not kept. @throws NOT_FOUND */
export async function describeRun(context: Context, name: string, run: string): Promise<StartedRun> {
  const seen = (await callWorker(context, name, 'describe', { run })) as RunSummary & Pick<RunResult, 'steps'>;
  const { status, reason, steps } = seen;
  return { run, result: { status: status as RunResult['status'], reason, outputs: {}, steps } };
}

/** Ends a run: it begins no further step. @throws NOT_FOUND; CONFLICT when it has ended already */
export async function stopRun(context: Context, name: string, run: string): Promise<{ run: string; by: string }> {
  await callWorker(context, name, 'cancel', { run, by: context.actor });
  return { run, by: context.actor };
}

/** Questions to people: open ones, or all. */
export function inbox(context: Context, name: string, filter: { open: boolean; limit: number }): Promise<Envelope[]> {
  return callWorker(context, name, 'inbox', filter) as Promise<Envelope[]>;
}

/** What people were told, newest first. @throws NOT_FOUND where no member is called so */
export async function messages(
  context: Context,
  name: string,
  filter: { to?: string; limit: number },
): Promise<StoredMessage[]> {
  const { members } = (await loadTenant(context, name)).tenant;
  if (filter.to !== undefined && !members.some(({ id }) => id === filter.to))
    throw new ChpError('NOT_FOUND', `${name} has no member "${filter.to}"`, {
      next: [`Members: ${members.map(({ id }) => id).join(', ') || 'none'}`],
    });
  return (await callWorker(context, name, 'messages', filter)) as StoredMessage[];
}

/** What the tenant's host keeps of who did or decided what in runs, newest last. @throws INTEGRITY when it was tampered with */
export function trail(context: Context, name: string, limit: number): Promise<TrailEntry[]> {
  return callWorker(context, name, 'audit', { limit }) as Promise<TrailEntry[]>;
}

/** Answers an envelope as a member. @throws BAD_INPUT where nobody is named and it can't be told who answers */
export async function decide(
  context: Context,
  name: string,
  decision: { envelope: string; verdict: 'approve' | 'deny'; by: string | undefined; comment: string | undefined },
): Promise<{ envelope: string; state: string; by: string }> {
  const { tenant } = await loadTenant(context, name);
  const by = decision.by ?? tenant.members.find(({ id }) => id === context.actor)?.id;
  if (by === undefined)
    throw new ChpError('BAD_INPUT', 'it must be said which member answers', {
      next: [`--as ${tenant.members.map(({ id }) => id).join(' | ') || 'MEMBER'}`],
    });
  const { envelope, comment } = decision;
  const asked = (await inbox(context, name, { open: true, limit: MAX_INBOX })).find(({ id }) => id === envelope);
  // "Who takes it?" knows only one yes.
  const verdict = asked?.kind === 'acknowledge' && decision.verdict === 'approve' ? 'acknowledge' : decision.verdict;
  const answer = await callWorker(context, name, 'decide', {
    envelope,
    verdict,
    by,
    ...(comment === undefined ? {} : { comment }),
  });
  await (await context.registry()).appendAudit({
    actor: context.actor,
    action: `envelope.${verdict}`,
    tenant: name,
    details: { envelope, as: by },
  });
  return { envelope, by, ...(answer as { state: string }) };
}
