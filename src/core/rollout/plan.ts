import type { PlannedTenant } from '../ports/rollouts.ts';
import { type Amount, atLeast } from './amount.ts';
import { hash } from './decide.ts';

/** Why a tenant may not be changed now, and from when on it may (ISO 8601), if that is known. */
export interface Closed {
  reason: string;
  opensAt: string | null;
}

export interface Candidate {
  tenant: string;
  /** Its label `ring`. */
  ring: string | null;
  /** Why it has no part in it at all, or null. */
  skip: string | null;
  closed: Closed | null;
}

export interface PlanOptions {
  /** In order; tenants of no ring that is named come last. Empty: all are of one. */
  rings: readonly string[];
  canary: Amount;
  batch: Amount;
  seed: number;
}

export interface RolloutPlan {
  /** What each wave is: `canaries`, `ring stable 2 of 3`; each once. */
  waves: string[];
  /** Size of the canary wave; 0 = none. */
  canary: number;
  /** In the order in which they are begun; those that are skipped come last, with wave -1. */
  tenants: (PlannedTenant & { why: string })[];
}

const CANARIES = 'canaries';

/**
 * Who is changed when: ring by ring, canaries of the first ring before all others, each ring in batches. Within a ring
 * chance decides, the same for the same seed, so that it is not always the same family that goes first; canaries are
 * taken from those that may be changed now, as far as there are such.
 */
export function planRollout(candidates: readonly Candidate[], options: PlanOptions): RolloutPlan {
  const part = candidates.filter(({ skip }) => skip === null);
  const waves: { title: string; tenants: Candidate[] }[] = [];
  let canary = 0;
  for (const { ring, tenants } of ringsOf(part, options)) {
    let left = tenants;
    if (waves.length === 0) {
      const openFirst = [...left.filter(({ closed }) => !closed), ...left.filter(({ closed }) => closed)];
      canary = Math.min(atLeast(options.canary, part.length), left.length);
      const chosen = new Set(openFirst.slice(0, canary));
      if (canary > 0) waves.push({ title: CANARIES, tenants: [...chosen] });
      left = left.filter((one) => !chosen.has(one));
    }
    waves.push(...batches(ring, left, Math.max(1, atLeast(options.batch, tenants.length))));
  }
  return {
    waves: waves.map(({ title }) => title),
    canary,
    tenants: [
      ...waves.flatMap(({ title, tenants }, wave) => tenants.map((one) => planned(one, wave, whyOf(one, title)))),
      ...candidates.flatMap((one) => (one.skip === null ? [] : [{ ...planned(one, -1, one.skip) }])),
    ],
  };
}

function ringsOf(
  tenants: readonly Candidate[],
  { rings, seed }: PlanOptions,
): { ring: string; tenants: Candidate[] }[] {
  const order = [...tenants].sort(
    (a, b) => hash(seed, a.tenant) - hash(seed, b.tenant) || (a.tenant < b.tenant ? -1 : 1),
  );
  if (rings.length === 0) return [{ ring: 'all', tenants: order }];
  const named = [...new Set(rings)];
  return [
    ...named.map((ring) => ({ ring: `ring ${ring}`, tenants: order.filter((one) => one.ring === ring) })),
    { ring: 'rest', tenants: order.filter(({ ring }) => ring === null || !named.includes(ring)) },
  ].filter((ring) => ring.tenants.length > 0);
}

function batches(ring: string, tenants: readonly Candidate[], size: number): { title: string; tenants: Candidate[] }[] {
  const count = Math.ceil(tenants.length / size);
  return Array.from({ length: count }, (_, index) => ({
    title: count === 1 ? ring : `${ring} ${index + 1} of ${count}`,
    tenants: tenants.slice(index * size, (index + 1) * size),
  }));
}

function planned({ tenant, skip }: Candidate, wave: number, why: string): RolloutPlan['tenants'][number] {
  return { tenant, wave, state: skip === null ? 'waiting' : 'skipped', reason: skip, opensAt: null, why };
}

function whyOf({ ring, closed }: Candidate, title: string): string {
  const place = title === CANARIES ? 'goes first, by chance' : ring === null ? 'no label ring' : `ring ${ring}`;
  if (!closed) return place;
  return `${place}; ${closed.reason}${closed.opensAt === null ? '' : `, until ${closed.opensAt}`}`;
}
