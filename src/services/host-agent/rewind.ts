import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import type { LostHistory, RewindPlan } from '../../core/host-generations.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { snapshotFor } from './history.ts';
import { provenLines } from './proven.ts';
import { run } from './run.ts';
import { copyTree, hasStateSnapshot, REWOUND, replacement, swapIn } from './snapshot.ts';
import { currentGeneration, storedGeneration } from './status.ts';

/**
 * Parts of the gateway's state that stand for something outside this host: a WhatsApp session's keys, what Telegram was
 * told was read, devices that were paired. Others have gone on since, so these never go back in time.
 */
const NEVER_REWOUND = [
  'credentials',
  'telegram',
  'matrix',
  'nostr',
  'msteams-conversations.json',
  'identity',
  'devices',
  'nodes',
];

/** What activating `target` would do to the state, counted before anything is done. */
export function rewindPlan(
  root: string,
  tenant: string,
  target: Digest,
  meant: GenerationManifest['runtime'],
): RewindPlan {
  const { snapshots, state } = tenantLayout(root, tenant);
  const current = currentGeneration(root, tenant);
  const runs = current ? storedGeneration(root, tenant, current)?.manifest.runtime : undefined;
  const runtimeChanges = runs !== undefined && runs.app !== meant.app;
  const found = snapshotFor(provenLines(root, tenant), target);
  const there = found && hasStateSnapshot(root, tenant, found.name) ? join(snapshots, found.name) : null;
  return {
    generation: target,
    runtimeChanges,
    // The successor keeps its sessions in a form of its own: what it wrote, the other one does not see.
    irreversible: runs !== undefined && runs.name !== meant.name,
    snapshot: there
      ? {
          before: found?.before ?? '',
          at: statSync(there).mtime.toISOString(),
          lost: lostHistory(state, join(there, 'state')),
          carried: NEVER_REWOUND.filter((name) => existsSync(join(state, name))),
        }
      : null,
  };
}

/**
 * Name of the snapshot that a rollback is to put the state back from; null = none.
 * @throws CONFLICT, NOT_FOUND when what was said of the state can't be done, or nothing was said where it must be
 */
export function assertRewind(
  root: string,
  tenant: string,
  meant: GenerationManifest['runtime'],
  target: Digest,
  state: 'keep' | 'restore' | null,
): string | null {
  const { runtimeChanges, irreversible, snapshot } = rewindPlan(root, tenant, target, meant);
  const name = `${meant.name}@${meant.version}`;
  if (state === 'restore') {
    const kept = snapshotFor(provenLines(root, tenant), target);
    if (snapshot && kept) return kept.name;
    throw new ChpError('NOT_FOUND', `there is no snapshot of the state as generation ${target.slice(0, 12)} left it`, {
      why: runtimeChanges
        ? 'It was removed along with the generation before which it was taken.'
        : 'One is taken where the runtime changes, and the same one has run since.',
      next: runtimeChanges ? [] : ['Roll back without --restore-state: the state is of the same runtime.'],
    });
  }
  if (!runtimeChanges) return null;
  if (state === null)
    throw new ChpError('CONFLICT', `${tenant} would go back to ${name}: what is to become of the state?`, {
      next: ['--restore-state puts back what it was.', '--keep-state leaves it as it is now.'],
    });
  if (irreversible)
    throw new ChpError('CONFLICT', `${name} can't read the state as it is now`, {
      why: 'The runtime that runs has migrated it, and there is no way back but the snapshot.',
      next: ['--restore-state puts back what it was.'],
    });
  return null;
}

/**
 * Puts the state back to what the snapshot of that name holds, but for what never goes back. Services must be stopped, and
 * the snapshot of `kept` must hold what is now: from there it is put back when this is cut or fails.
 */
export async function rewindState(root: string, tenant: string, name: string, kept: Digest): Promise<void> {
  const layout = tenantLayout(root, tenant);
  for (const part of REWOUND) {
    const from = join(layout.snapshots, name, part);
    if (!existsSync(from)) continue;
    const to = replacement(layout, part);
    await copyTree(from, to);
    if (part === 'state')
      for (const carried of NEVER_REWOUND) {
        const now = join(layout.snapshots, kept, 'state', carried);
        if (existsSync(now)) await copyTree(now, join(to, carried));
      }
    await run('sync', ['--file-system', to]);
    await swapIn(layout, part);
  }
}

/** Sessions and messages that `state` has and `earlier` has not. */
export function lostHistory(state: string, earlier: string): LostHistory {
  const [now, then] = [messagesBySession(state), messagesBySession(earlier)];
  if (now === null || then === null) return null;
  let [sessions, messages] = [0, 0];
  for (const [session, count] of now) {
    const before = then.get(session);
    if (before === undefined && count > 0) sessions++;
    messages += Math.max(0, count - (before ?? 0));
  }
  return { sessions, messages };
}

/** Messages of each session's transcript; null = there are agents, and none has a transcript that is a text. */
export function messagesBySession(state: string): Map<string, number> | null {
  const found = new Map<string, number>();
  const agents = namesIn(join(state, 'agents'));
  for (const agent of agents)
    for (const name of namesIn(join(state, 'agents', agent, 'sessions'))) {
      if (name.endsWith('.sqlite') || name.endsWith('.db')) return null;
      if (!name.endsWith('.jsonl')) continue;
      const text = readFileSync(join(state, 'agents', agent, 'sessions', name), 'utf8');
      found.set(`${agent}/${name}`, text.split('\n').filter((line) => line.startsWith('{"type":"message"')).length);
    }
  return found;
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
