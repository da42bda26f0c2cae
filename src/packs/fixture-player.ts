import { VerbFailure } from '../core/ports/automation.ts';
import type { CompiledPack } from './compiled.ts';
import type { Fixture, FixtureAnswer, FixtureCall } from './fixture.ts';
import { resolveInputs } from './inputs.ts';
import type { RunInput, RunMember, RunResult } from './interpret/ports.ts';
import { durationMs } from './time.ts';

/** A call as a fixture sees it; the worker makes it of a VerbCall. */
export interface PlayedCall {
  verb: string;
  path: string;
  with: Record<string, unknown>;
}

/** Who lives there when a fixture does not say. */
export const DEFAULT_MEMBERS: RunMember[] = [
  { id: 'ana', name: 'Ana', role: 'Adult' },
  { id: 'ben', name: 'Ben', role: 'Adult' },
  { id: 'cleo', name: 'Cleo', role: 'Child' },
];
export const FIXTURE_NOW = '2026-01-15T08:00:00Z';

/** What a fixture’s run begins with. @throws Error naming inputs that are wrong */
export function fixtureInput(pack: CompiledPack, fixture: Fixture): RunInput {
  const members = fixture.members ?? DEFAULT_MEMBERS;
  const ids = members.map(({ id }) => id);
  const { inputs, problems } = resolveInputs(pack.inputs ?? {}, fixture.inputs ?? {}, ids);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
  const { kind = 'manual', by = ids[0] ?? 'somebody', payload = null } = fixture.trigger ?? {};
  return {
    tenant: { name: 'fixture', timezone: fixture.timezone ?? 'Europe/Berlin', members },
    pack,
    inputs,
    trigger: { kind, by, payload },
    ...(fixture.item === undefined ? {} : { item: fixture.item }),
  };
}

/** Gives a run the answers of a fixture, and keeps what it asked. One player a run. */
export class FixturePlayer {
  readonly calls: PlayedCall[] = [];
  readonly #fixture: Fixture;
  readonly #left: { answer: FixtureAnswer; times: number }[];
  readonly #unexpected: string[] = [];

  constructor(fixture: Fixture) {
    this.#fixture = fixture;
    this.#left = (fixture.answers ?? []).map((answer) => ({ answer, times: answer.times ?? 1 }));
  }

  /** The recorded answer of an act. @throws VerbFailure when that is one, or when none is recorded */
  act(call: PlayedCall): unknown {
    this.calls.push(call);
    const next = this.#left.find(({ answer, times }) => times > 0 && isMeant(answer, call));
    if (!next) return this.#withoutAnswer(call);
    next.times--;
    const { failure, result } = next.answer;
    if (failure) throw new VerbFailure(failure.kind, failure.message ?? `recorded: ${failure.kind}`);
    return call.verb === 'agent.ask' ? { text: typeof result === 'string' ? result : JSON.stringify(result) } : result;
  }

  /** The recorded end of another pack. */
  runPack(pack: string, inputs: Record<string, unknown>, path: string): RunResult {
    const {
      status = 'success',
      outputs = {},
      reason = null,
    } = this.act({
      verb: 'pack.run',
      path,
      with: { pack, inputs },
    }) as Partial<RunResult>;
    return { status, outputs, reason, steps: [] };
  }

  /** Who answers the question of a step, and when, in order. */
  decisionsOf(
    path: string,
  ): { by: string; verdict: 'approve' | 'deny' | 'acknowledge' | 'override'; comment?: string; afterMs: number }[] {
    return (this.#fixture.decisions ?? [])
      .filter(({ step }) => isStep(step, path))
      .map(({ by, verdict, comment, after }) => ({
        by,
        verdict,
        ...(comment === undefined ? {} : { comment }),
        afterMs: after === undefined ? 0 : (durationMs(after) ?? 0),
      }))
      .sort((a, b) => a.afterMs - b.afterMs);
  }

  /** In which ways a run was not what the fixture expects; none: it passed. */
  problems(result: RunResult): string[] {
    const { status, reason, outputs = {}, calls = [], never = [] } = this.#fixture.expect;
    const problems = [...this.#unexpected];
    if (result.status !== status)
      problems.push(`it ended as ${result.status}, not as ${status}${result.reason ? ` (${result.reason})` : ''}`);
    else if (reason !== undefined && !result.reason?.includes(reason))
      problems.push(`its reason is ${JSON.stringify(result.reason)}, without ${JSON.stringify(reason)}`);
    for (const [name, value] of Object.entries(outputs))
      if (!contains(result.outputs[name], value, true))
        problems.push(`output ${name} is ${JSON.stringify(result.outputs[name])}, not ${JSON.stringify(value)}`);
    let from = 0;
    for (const wanted of calls) {
      const at = this.calls.findIndex(
        (call, index) => index >= from && isMeant(wanted, call) && contains(call.with, wanted.with ?? {}, false),
      );
      if (at < 0) problems.push(`it never did ${named(wanted)}${from > 0 ? ' after the calls before it' : ''}`);
      else from = at + 1;
    }
    for (const unwanted of never)
      if (this.calls.some((call) => isMeant(unwanted, call))) problems.push(`it did ${named(unwanted)}`);
    for (const { answer, times } of this.#left)
      if (times > 0) problems.push(`the answer to ${named(answer)} was not asked for`);
    return problems;
  }

  /** What needs no recording goes well; anything else is a call that the fixture does not know. */
  #withoutAnswer({ verb, path, with: given }: PlayedCall): unknown {
    if (verb === 'notify') return { via: 'fixture', id: null };
    if (verb === 'audit') return { id: `audit-${this.calls.length}` };
    if (verb === 'envelope.open' || verb === 'envelope.settle') return {};
    const what = verb === 'connector.call' ? `${given.connector} ${given.operation}` : verb;
    this.#unexpected.push(`step ${path} calls ${what}, for which no answer is left`);
    throw new VerbFailure('refused', `no answer is recorded for ${what}`);
  }
}

function isMeant(wanted: FixtureCall, { verb, path, with: given }: PlayedCall): boolean {
  return (
    (wanted.step === undefined || isStep(wanted.step, path)) &&
    (wanted.verb === undefined || wanted.verb === verb) &&
    (wanted.connector === undefined || wanted.connector === given.connector) &&
    (wanted.operation === undefined || wanted.operation === given.operation)
  );
}

/** `tell` is every turn of that step, `tell[1]` one. */
const isStep = (wanted: string, path: string): boolean =>
  wanted === path || wanted === (path.split('/').at(-1) ?? '').replace(/\[\d+\]$/, '');

function named({ step, verb, connector, operation }: FixtureCall): string {
  const what = connector || operation ? [connector, operation].filter(Boolean).join(' ') : verb;
  return [what ?? 'a call', step && `of step ${step}`].filter(Boolean).join(' ');
}

/** Whether a value holds what is wanted: of objects the named keys, or exactly those. */
function contains(value: unknown, wanted: unknown, exact: boolean): boolean {
  if (typeof wanted !== 'object' || wanted === null) return Object.is(value, wanted);
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(wanted)) return false;
  const whole = exact || Array.isArray(wanted);
  if (whole && Object.keys(value).length !== Object.keys(wanted).length) return false;
  return Object.entries(wanted).every(([key, inner]) =>
    contains((value as Record<string, unknown>)[key], inner, exact),
  );
}
