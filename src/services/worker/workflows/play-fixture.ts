import { condition, proxyActivities, sleep } from '@temporalio/workflow';
import type { CompiledPack } from '../../../packs/compiled.ts';
import type { Fixture } from '../../../packs/fixture.ts';
import type { Recorded } from '../activities/types.ts';
import { verbFailure } from './failures.ts';
import { type FixtureOutcome, runFixture, VerbFailure } from './shared.ts';

const { playAct } = proxyActivities<{ playAct: (recorded: Recorded) => Promise<unknown> }>({
  startToCloseTimeout: '30s',
  retry: { maximumAttempts: 3 },
});

/** A fixture on Temporal: each act is an activity that gives the recorded answer; waits pass at once. */
export async function playFixture(pack: CompiledPack, fixture: Fixture): Promise<FixtureOutcome> {
  let open = 0;
  /** Grows with everything that begins or ends. */
  let happened = 0;
  return runFixture(pack, fixture, {
    async act(_call, answer) {
      open++;
      happened++;
      try {
        return await playAct(recorded(answer));
      } catch (error) {
        throw verbFailure(error);
      } finally {
        open--;
        happened++;
      }
    },
    async idle() {
      for (;;) {
        await condition(() => open === 0);
        const seen = happened;
        // Past a timer, what an act's end set going has come to its next stop.
        await sleep(1);
        if (open === 0 && happened === seen) return;
      }
    },
  });
}

function recorded(answer: () => unknown): Recorded {
  try {
    return { result: answer() ?? null };
  } catch (error) {
    if (!(error instanceof VerbFailure)) throw error;
    return { failure: { kind: error.kind, message: error.message } };
  }
}
