import type { PackDocument } from './schema.ts';
import { walkSteps } from './walk.ts';

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** Which pack starts which by `pack.run`. Pure. */
export function packStarts(packs: readonly PackDocument[]): Edges {
  return new Map(packs.map((pack) => [pack.id, startedBy(pack)]));
}

/** Ids of packs that start each other, the first one again at the end; null = none do. Pure. */
export function startCycle(packs: readonly PackDocument[]): string[] | null {
  const starts = packStarts(packs);
  for (const { id } of packs) {
    const way = wayBetween(id, id, starts);
    if (way) return way;
  }
  return null;
}

/** The shortest way along the edges, with both ends; null = there is none. Pure. */
export function wayBetween(from: string, to: string, edges: Edges): string[] | null {
  const ways: string[][] = [[from]];
  const seen = new Set([from]);
  for (let way = ways.shift(); way; way = ways.shift())
    for (const next of edges.get(way.at(-1) as string) ?? []) {
      if (next === to) return [...way, to];
      if (!seen.has(next) && edges.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  return null;
}

const startedBy = (pack: PackDocument): Set<string> =>
  new Set(walkSteps(pack).steps.flatMap(({ step }) => (step.uses === 'pack.run' ? [String(step.with?.pack)] : [])));
