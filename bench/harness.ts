/** One of the things that a case measures. */
export interface Side {
  label: string;
  /** Untimed, before each run. */
  before?: () => Promise<void>;
  /** Its time counts, unless it resolves to a `Figure`. */
  run: () => Promise<unknown>;
  /** Runs a round, of which the median counts: for what is quick beside the others. Default 1. */
  times?: number;
}

/** What a run measured by itself, ms: a percentile of many, say. */
export class Figure {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/**
 * What must hold: median time of `subject` ≤ `atMost` × median time of `than`. 1/20 = "twenty times as fast".
 * `than` null: ≤ `atMost` milliseconds.
 */
export interface Limit {
  subject: string;
  than: string | null;
  atMost: number;
}

export interface Prepared extends AsyncDisposable {
  /** Run in turn, A B C A B C…, so that a busy moment of the machine hits all of them. */
  sides: readonly Side[];
  limits: readonly Limit[];
  /** Asked for at the end: what else is worth knowing. */
  notes?: () => readonly string[];
}

export interface BenchCase {
  /** File-name style, for picking one on the command line. */
  name: string;
  /** One line: what is compared with what, on what. */
  title: string;
  rounds: number;
  /** What is lacking here, or null. */
  lacks: () => Promise<string | null>;
  prepare: () => Promise<Prepared>;
}

export interface SideResult {
  label: string;
  medianMs: number;
  minMs: number;
  maxMs: number;
  rounds: number;
}

export interface LimitResult extends Limit {
  /** Median of the ratios within one round: what a load that comes and goes distorts least. Without `than`: milliseconds. */
  ratio: number;
  kept: boolean;
}

export interface CaseResult {
  name: string;
  title: string;
  /** ISO 8601. */
  measured: string;
  sides: SideResult[];
  limits: LimitResult[];
  notes: string[];
}

/** Measures one case; the first round warms caches and is not counted. */
export async function measure(bench: BenchCase, say: (text: string) => void): Promise<CaseResult> {
  await using prepared = await bench.prepare();
  const times = new Map(prepared.sides.map((side) => [side.label, [] as number[]]));
  for (let round = 0; round <= bench.rounds; round++) {
    for (const side of prepared.sides) {
      const took = await timed(side);
      if (round > 0) times.get(side.label)?.push(took);
    }
    say(`${bench.name}: round ${round} of ${bench.rounds}`);
  }
  const of = (label: string): number[] => {
    const found = times.get(label);
    if (!found) throw new Error(`${bench.name} has no side "${label}"`);
    return found;
  };
  return {
    name: bench.name,
    title: bench.title,
    measured: new Date().toISOString(),
    sides: prepared.sides.map(({ label }) => summary(label, of(label))),
    limits: prepared.limits.map((limit) => {
      const than = limit.than === null ? null : of(limit.than);
      const ratio = median(of(limit.subject).map((ms, round) => ms / (than?.[round] ?? 1)));
      return { ...limit, ratio, kept: ratio <= limit.atMost };
    }),
    notes: [...(prepared.notes?.() ?? [])],
  };
}

async function timed({ before, run, times = 1 }: Side): Promise<number> {
  const all: number[] = [];
  while (all.length < times) {
    await before?.();
    const begun = performance.now();
    const result = await run();
    all.push(result instanceof Figure ? result.ms : performance.now() - begun);
  }
  return median(all);
}

function summary(label: string, times: readonly number[]): SideResult {
  return { label, medianMs: median(times), minMs: Math.min(...times), maxMs: Math.max(...times), rounds: times.length };
}

/** The value below which a share of them lies: `quantile(times, 0.95)`. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
