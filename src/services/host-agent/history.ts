import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { appendJsonLine, readJsonLines } from './json-lines.ts';

/** A generation that became what runs, with every check passed. */
export interface Proven {
  at: string;
  generation: Digest;
  /** What ran before. */
  previous: Digest | null;
  /** `clawdbot@…` and its program. */
  runtime: string;
  app: Digest;
  /** sha256 of the live config it was proven with. */
  config: Digest | null;
  /** Name of the state that was kept before it; null = none: what ran before was of the same program. */
  snapshot: string | null;
  /** It was gone back to: what ran before is not what anybody wants back. */
  rollback: boolean;
}

/** The order in which a tenant's generations were proven on this host: JSON lines, oldest first. */
export class History {
  readonly #path: string;
  constructor(root: string, tenant: string) {
    this.#path = join(tenantLayout(root, tenant).ledger, 'history.jsonl');
  }

  lines(): Proven[] {
    return readJsonLines(this.#path);
  }

  /** A commit that was cut and is finished later is written once. */
  append(line: Proven): void {
    const last = this.lines().at(-1);
    if (last?.generation === line.generation && last.previous === line.previous && last.rollback === line.rollback)
      return;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    appendJsonLine(this.#path, line, true);
  }
}

/**
 * The proven generation to go back to from `current`: the newest other one that `lies` here and that nobody has gone back
 * from since. Pure.
 */
export function lastProven(
  lines: readonly Proven[],
  current: Digest | null,
  lies: (digest: Digest) => boolean,
): Digest | null {
  const left = new Set<Digest>();
  for (const { generation, previous, rollback } of lines) {
    if (!rollback) left.delete(generation);
    else if (previous && previous !== generation) left.add(previous);
  }
  const others = lines.map(({ generation }) => generation).filter((digest) => digest !== current && !left.has(digest));
  return others.findLast(lies) ?? null;
}

/**
 * What was kept of the state as `target` left it: before the first generation after it that came with another program.
 * null = the state has been of the same program since, or `target` never ran. Pure.
 */
export function snapshotFor(lines: readonly Proven[], target: Digest): { name: string; before: Digest } | null {
  const at = lines.findLastIndex(({ generation }) => generation === target);
  const app = lines[at]?.app;
  const next = lines.slice(at + 1).find((line) => app !== undefined && line.app !== app);
  return next?.snapshot ? { name: next.snapshot, before: next.generation } : null;
}
