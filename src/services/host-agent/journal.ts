import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ACTIVATION_STEPS, type ActivationStep } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { failpoint } from './failpoint.ts';
import { appendJsonLine, readJsonLines } from './json-lines.ts';

/** An activation that was begun and has neither been committed nor reverted. */
export interface OpenActivation {
  generation: Digest;
  /** What ran before; null = nothing. */
  previous: Digest | null;
  /** Last step that ended; null = none. */
  step: ActivationStep | null;
  /** It goes back to a generation of earlier. */
  rollback: boolean;
}

type Line =
  | { at: string; begin: Digest; previous: Digest | null; rollback?: true }
  | { at: string; step: ActivationStep }
  | { at: string; end: 'committed' | 'reverted' };

/**
 * Lines that recovery decides by, and so must outlive a power cut: without `snapshot` nothing was touched, with
 * `confirmed` the new generation stays. A lost line between them leads to the same decision.
 */
const DECISIVE: readonly ActivationStep[] = ['snapshot', 'confirmed'];

/**
 * The activation journal of one tenant: JSON lines, each written before the next thing happens; its beginning, its end
 * and what recovery decides by are on disk before it.
 */
export class Journal {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
  }

  /** Starts afresh: the one before is kept as `<path>.1`. */
  begin(generation: Digest, previous: Digest | null, rollback = false): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    writeFileSync(this.#path, '', { mode: 0o600 });
    this.#append({ at: now(), begin: generation, previous, ...(rollback ? { rollback } : {}) });
  }

  /** Runs a step and records that it ended. Returns its milliseconds. */
  async step(step: ActivationStep, work: () => Promise<void> | void): Promise<number> {
    const started = performance.now();
    failpoint(step, 'before');
    await work();
    this.#append({ at: now(), step }, DECISIVE.includes(step));
    failpoint(step, 'after');
    return Math.round(performance.now() - started);
  }

  end(outcome: 'committed' | 'reverted'): void {
    this.#append({ at: now(), end: outcome });
  }

  /** The activation that was cut, if any. A torn last line (power loss) counts as not written. */
  open(): OpenActivation | null {
    let found: OpenActivation | null = null;
    for (const line of this.#lines()) {
      if ('begin' in line)
        found = { generation: line.begin, previous: line.previous, step: null, rollback: line.rollback ?? false };
      else if ('end' in line) found = null;
      else if (found) found.step = line.step;
    }
    return found;
  }

  /** Did the open activation end this step? */
  reached(step: ActivationStep): boolean {
    const last = this.open()?.step ?? null;
    return last !== null && ACTIVATION_STEPS.indexOf(last) >= ACTIVATION_STEPS.indexOf(step);
  }

  /** What ran before the last activation that was committed. */
  previous(): Digest | null {
    const lines = this.#lines();
    const begin = lines.findLast((line) => 'begin' in line);
    return begin && lines.some((line) => 'end' in line && line.end === 'committed') ? begin.previous : null;
  }

  #lines(): Line[] {
    return readJsonLines(this.#path);
  }

  #append(line: Line, flush = true): void {
    appendJsonLine(this.#path, line, flush);
  }
}

const now = (): string => new Date().toISOString();
