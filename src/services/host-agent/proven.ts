import { type Digest, sha256 } from '../../core/digest.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { liveConfig } from './candidate-config.ts';
import { History, lastProven, type Proven } from './history.ts';
import { Journal } from './journal.ts';
import { keepSnapshot } from './snapshot.ts';
import { currentGeneration, storedGeneration } from './status.ts';

/**
 * A tenant's proven generations, oldest first. What was activated before there was a history is told from the journal of
 * the last activation.
 */
export function provenLines(root: string, tenant: string): Proven[] {
  const lines = new History(root, tenant).lines();
  if (lines.length > 0) return lines;
  const journal = new Journal(tenantLayout(root, tenant).journal);
  if (journal.open()) return [];
  const known = [journal.previous(), currentGeneration(root, tenant)].filter((digest) => digest !== null);
  return known.flatMap((generation, at) => {
    const manifest = storedGeneration(root, tenant, generation)?.manifest;
    return manifest ? [{ ...provenAs(generation, manifest), previous: known[at - 1] ?? null }] : [];
  });
}

function provenAs(
  generation: Digest,
  { runtime }: { runtime: { name: string; version: string; app: Digest } },
): Proven {
  const { name, version, app } = runtime;
  return {
    at: '',
    generation,
    previous: null,
    runtime: `${name}@${version}`,
    app,
    config: null,
    snapshot: null,
    rollback: false,
  };
}

/** From now on it is one to go back to. */
export function remember(
  root: string,
  tenant: string,
  generation: Digest,
  previous: Digest | null,
  rollback: boolean,
): void {
  const manifest = storedGeneration(root, tenant, generation)?.manifest;
  if (!manifest) return;
  const live = liveConfig(root, tenant);
  const history = new History(root, tenant);
  // What ran before there was a history was proven, too.
  const before = previous && history.lines().length === 0 ? storedGeneration(root, tenant, previous)?.manifest : null;
  if (previous && before) history.append(provenAs(previous, before));
  history.append({
    ...provenAs(generation, manifest),
    at: new Date().toISOString(),
    previous,
    snapshot: keepSnapshot(root, tenant, generation, `${generation}.${history.lines().length}`),
    config: live === null ? null : sha256(live),
    rollback,
  });
}

/** Did this very generation run with this very config? Then its gateway takes it. */
export function wasProven(root: string, tenant: string, generation: Digest, config: string): boolean {
  const digest = sha256(config);
  return provenLines(root, tenant).some((line) => line.generation === generation && line.config === digest);
}

/** The generation that a rollback goes to unless told otherwise; null = there is none on this host. */
export function lastProvenOf(root: string, tenant: string, lines = provenLines(root, tenant)): Digest | null {
  return lastProven(
    lines,
    currentGeneration(root, tenant),
    (digest) => storedGeneration(root, tenant, digest) !== null,
  );
}
