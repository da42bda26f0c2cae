import { randomBytes } from 'node:crypto';
import { runOptions } from '../../src/services/worker/runs.ts';
import { RUN_PACK } from '../../src/services/worker/workflows/names.ts';
import { pack } from '../../test/integration/worker/packs.ts';
import { type BenchCase, Figure, quantile } from '../harness.ts';
import { FIVE, inputOf, startWorkerStage, timesOf } from '../worker-stage.ts';

const RUNS = 15;
const FLOOD_AT_ONCE = 20;
const ALONE = 'alone';
const FLOODED = `another tenant keeps ${FLOOD_AT_ONCE} runs going`;
const POISONED = 'another tenant’s pack computes without end';

const numbers = Array.from({ length: 1000 }, (_, index) => index);
const burn = Array(20).fill('steps.n.output.l.exists(a, a * a < item - 200)').join(' || ');
/** Each of its steps is within every limit; one after the other they hold a workflow thread far too long. */
const poison = pack(
  [
    { id: 'n', uses: 'set', with: { l: numbers, rounds: numbers.slice(0, 100) } },
    {
      id: 'burn',
      'for-each': 'steps.n.output.rounds',
      steps: Array.from({ length: 8 }, (_, at) => ({ id: `b${at}`, uses: 'set', with: { found: `\${{ ${burn} }}` } })),
    },
  ],
  { id: 'poison' },
);

export default {
  name: 'noisy-neighbour',
  title: `p95 of a tenant’s runs (five steps, one at a time, ${RUNS} a round) in a worker that serves another tenant, too`,
  rounds: 5,
  lacks: async () => null,
  prepare: async () => {
    const stage = await startWorkerStage([FIVE, poison], ['quiet', 'loud']);
    const p95 = async () => new Figure(quantile(await timesOf(RUNS, () => stage.run(FIVE, 'quiet')), 0.95));
    const beside = (noise: () => Promise<unknown>, lanes: number) => async () => {
      let going = true;
      const lane = async () => {
        while (going) await noise();
      };
      const all = Promise.all(Array.from({ length: lanes }, lane));
      const figure = await p95();
      going = false;
      await all;
      return figure;
    };
    /** Ended by the guard; the next one begins then. */
    const poisoned = async () => {
      const workflowId = `loud/poison/${randomBytes(6).toString('hex')}`;
      await stage
        .clientOf('loud')
        .workflow.execute(RUN_PACK, { ...runOptions(inputOf(poison, 'loud')), workflowId })
        .catch(() => {});
    };
    return {
      sides: [
        { label: ALONE, run: p95 },
        { label: FLOODED, run: beside(() => stage.run(FIVE, 'loud'), FLOOD_AT_ONCE) },
        { label: POISONED, run: beside(poisoned, 2) },
      ],
      limits: [
        { subject: FLOODED, than: ALONE, atMost: 3 },
        { subject: POISONED, than: ALONE, atMost: 2 },
      ],
      [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
