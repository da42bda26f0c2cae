import type { CompiledPack } from './compiled.ts';
import type { Fixture } from './fixture.ts';
import { FIXTURE_NOW, FixturePlayer, fixtureInput } from './fixture-player.ts';
import type { Decision, RunPorts, RunResult, VerbCall } from './interpret/ports.ts';
import { runPack } from './interpret/run.ts';
import { iso } from './interpret/state.ts';

export interface FixtureOutcome {
  /** In which ways it was not as expected; none: it passed. */
  problems: string[];
  result: RunResult;
}

/** What a play may be surrounded by; nothing: it stays in this process. */
export interface FixtureStage {
  onCall?(call: VerbCall): void;
  /** Hands an act on, with the answer that is recorded for it. */
  act?(call: VerbCall, answer: () => unknown): Promise<unknown>;
  /** Resolves when everything that can go on without time has done so. */
  idle?(): Promise<void>;
}

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Plays a fixture in a time of its own: a wait of days takes no time. */
export async function runFixture(
  pack: CompiledPack,
  fixture: Fixture,
  { dryRun = false, ...stage }: FixtureStage & { dryRun?: boolean } = {},
): Promise<FixtureOutcome> {
  const player = new FixturePlayer(fixture);
  const input = { ...fixtureInput(pack, fixture), dryRun };
  const result = await runPack(input, fixturePorts(player, fixture, stage));
  return { problems: player.problems(result), result };
}

function fixturePorts(player: FixturePlayer, fixture: Fixture, stage: FixtureStage): RunPorts {
  const clock = new VirtualClock(Date.parse(fixture.now ?? FIXTURE_NOW), stage.idle ?? macrotask);
  const run = 'run-1';
  const opened = new Map<string, number>();
  return {
    run,
    now: () => clock.now,
    sleep: (ms) => clock.until(clock.now + ms),
    async act(call) {
      stage.onCall?.(call);
      if (call.verb === 'envelope.open' && !opened.has(call.path)) opened.set(call.path, clock.now);
      return stage.act ? stage.act(call, () => player.act(call)) : player.act(call);
    },
    async decisions(envelope, deadline, enough) {
      const path = envelope.slice(run.length + 1);
      const begin = opened.get(path) ?? clock.now;
      const arrived: Decision[] = [];
      for (const { afterMs, ...decision } of player.decisionsOf(path)) {
        if (begin + afterMs > deadline) break;
        await clock.until(begin + afterMs);
        arrived.push({ envelope, at: iso(begin + afterMs), ...decision });
        if (enough(arrived)) return arrived;
      }
      await clock.until(deadline);
      return arrived;
    },
    runPack: async (pack, inputs, path) => player.runPack(pack, inputs, path),
  };
}

/** Time goes on only when nothing else can: to the next moment that somebody waits for. */
class VirtualClock {
  now: number;
  readonly #idle: () => Promise<void>;
  #waiting: { at: number; go: () => void }[] = [];

  constructor(now: number, idle: () => Promise<void>) {
    this.now = now;
    this.#idle = idle;
  }

  until(at: number): Promise<void> {
    if (at <= this.now) return Promise.resolve();
    return new Promise((go) => {
      this.#waiting.push({ at, go });
      void this.#idle().then(() => this.#advance());
    });
  }

  #advance(): void {
    const next = this.#waiting.reduce<{ at: number } | undefined>((a, b) => (a && a.at <= b.at ? a : b), undefined);
    if (!next) return;
    this.now = Math.max(this.now, next.at);
    const due = this.#waiting.filter(({ at }) => at <= this.now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.now);
    for (const { go } of due) go();
    if (this.#waiting.length > 0) void this.#idle().then(() => this.#advance());
  }
}
