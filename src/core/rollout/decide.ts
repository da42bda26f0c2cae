import type { RolloutState, RolloutTenantState } from '../ports/rollouts.ts';
import type { RolloutSpec } from './spec.ts';

/** A tenant of a rollout, as far as it matters for what comes next. Times are milliseconds since the epoch. */
export interface RolloutRow {
  tenant: string;
  wave: number;
  state: RolloutTenantState;
  opensAt: number | null;
  endedAt: number | null;
  /** It was looked at again after the soak. */
  checked: boolean;
}

export interface RolloutView {
  spec: RolloutSpec;
  rows: readonly RolloutRow[];
  began: number;
  forgiven: number;
  wanted: 'pause' | 'cancel' | null;
}

export type RolloutEnd = { state: Exclude<RolloutState, 'running'>; reason: string | null };

export type Decision =
  | { do: 'start'; rows: RolloutRow[] }
  | { do: 'check'; rows: RolloutRow[] }
  /** Until that time, or until something ends or is asked for. */
  | { do: 'wait'; until: number | null }
  | ({ do: 'end' } & RolloutEnd);

/** What a rollout does next. Pure: every executor follows it, whatever went before. */
export function decide(view: RolloutView, now: number): Decision {
  const running = view.rows.filter(({ state }) => state === 'running').length;
  const stop = stopOf(view);
  if (stop) return running > 0 ? { do: 'wait', until: null } : { do: 'end', ...stop };
  let began = view.began;
  for (let wave = 0; wave < view.spec.waves.length; wave++) {
    const rows = view.rows.filter((row) => row.wave === wave);
    const step = withinWave(view, rows, running, began, now);
    if (step) return step;
    began = Math.max(began, soakEnd(view.spec, rows) ?? 0);
  }
  const opens = view.spec.waitForWindows ? nextOpening(view.rows) : null;
  return opens === null ? { do: 'end', ...endOf(view.rows) } : { do: 'wait', until: opens };
}

function stopOf({ spec, rows, forgiven, wanted }: RolloutView): RolloutEnd | null {
  if (wanted === 'cancel') return { state: 'cancelled', reason: 'an operator cancelled it' };
  const failed = rows.filter(({ state }) => state === 'failed');
  const fresh = failed.length - forgiven;
  if (fresh > 0 && (fresh > spec.maxFailures || failed.some(({ wave }) => spec.canary > 0 && wave === 0)))
    return { state: 'halted', reason: haltReason(spec, failed) };
  return wanted === 'pause' ? { state: 'paused', reason: 'an operator paused it' } : null;
}

function haltReason({ maxFailures }: RolloutSpec, failed: readonly RolloutRow[]): string {
  const names = failed.slice(0, 3).map(({ tenant }) => tenant);
  const more = failed.length > names.length ? ` and ${failed.length - names.length} more` : '';
  return `${names.join(', ')}${more} failed; tolerated are ${maxFailures}, and none of the canaries`;
}

/** null = the wave is over, and so is its soak. */
function withinWave(
  { spec, rows: all }: RolloutView,
  rows: readonly RolloutRow[],
  running: number,
  began: number,
  now: number,
): Decision | null {
  const due = rows.filter(
    ({ state, opensAt }) => state === 'waiting' || (state === 'deferred' && isOpen(opensAt, now)),
  );
  if (due.length > 0 || rows.some(({ state }) => state === 'running')) {
    const lanes = lanesOf(spec, all) - running;
    if (lanes <= 0 || due.length === 0) return { do: 'wait', until: null };
    const startOf = ({ tenant }: RolloutRow) => began + jitterOf(spec, tenant);
    const ready = due.filter((row) => startOf(row) <= now);
    if (ready.length > 0) return { do: 'start', rows: ready.slice(0, lanes) };
    return { do: 'wait', until: Math.min(...due.map(startOf)) };
  }
  const unchecked = rows.filter(({ state, checked }) => state === 'done' && !checked);
  if (spec.soakMs === 0 || unchecked.length === 0) return null;
  const until = soakEnd(spec, rows) ?? now;
  return now < until ? { do: 'wait', until } : { do: 'check', rows: unchecked };
}

const isOpen = (opensAt: number | null, now: number): boolean => opensAt !== null && opensAt <= now;

/** As long as nothing is proven no more than the canaries are put at risk: they may all have been offline. */
function lanesOf({ canary, atOnce }: RolloutSpec, rows: readonly RolloutRow[]): number {
  return canary > 0 && !rows.some(({ state }) => state === 'done') ? Math.min(canary, atOnce) : atOnce;
}

/** null where nothing was done. */
function soakEnd({ soakMs }: RolloutSpec, rows: readonly RolloutRow[]): number | null {
  const ends = rows.flatMap(({ state, endedAt }) => (state === 'done' && endedAt !== null ? [endedAt] : []));
  return ends.length === 0 ? null : ends.reduce((a, b) => Math.max(a, b)) + soakMs;
}

function nextOpening(rows: readonly RolloutRow[]): number | null {
  const opens = rows.flatMap(({ state, opensAt }) => (state === 'deferred' && opensAt !== null ? [opensAt] : []));
  return opens.length === 0 ? null : opens.reduce((a, b) => Math.min(a, b));
}

function endOf(rows: readonly RolloutRow[]): RolloutEnd {
  const count = (state: RolloutTenantState): number => rows.filter((row) => row.state === state).length;
  const left = (['failed', 'deferred'] as const).flatMap((state) =>
    count(state) > 0 ? [`${count(state)} ${state}`] : [],
  );
  return left.length === 0 ? { state: 'done', reason: null } : { state: 'partial', reason: left.join(', ') };
}

/** How much later than its wave a tenant begins: by chance, but the same for the same seed. */
export function jitterOf({ seed, jitterMs }: RolloutSpec, tenant: string): number {
  return jitterMs === 0 ? 0 : hash(seed, tenant) % jitterMs;
}

/** FNV-1a with a last mix, 32 bits: it runs in workflows, too, where there is no node:crypto. */
export function hash(seed: number, text: string): number {
  let value = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
