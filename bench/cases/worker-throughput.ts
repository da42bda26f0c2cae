import { type BenchCase, median } from '../harness.ts';
import { FIVE, many, startWorkerStage } from '../worker-stage.ts';

const [RUNS, AT_ONCE] = [40, 20];
const BARE = 'bare workflow, 5 empty activities';
const CHP = 'chp, 5 messages';

export default {
  name: 'worker-throughput',
  title: `${RUNS} runs of five steps, ${AT_ONCE} at a time, on one Temporal server: the shipped worker beside a bare Temporal TypeScript workflow`,
  rounds: 7,
  lacks: async () => null,
  prepare: async () => {
    const stage = await startWorkerStage([FIVE]);
    const rates = new Map<string, number[]>();
    const side = (label: string, one: () => Promise<unknown>) => ({
      label,
      run: async () => {
        const began = performance.now();
        await many(RUNS, AT_ONCE, one);
        const rate = (RUNS * 1000) / (performance.now() - began);
        rates.set(label, [...(rates.get(label) ?? []), rate]);
      },
    });
    return {
      sides: [side(BARE, () => stage.runBare()), side(CHP, () => stage.run(FIVE))],
      // 0.9 of the throughput.
      limits: [{ subject: CHP, than: BARE, atMost: 1 / 0.9 }],
      notes: () => [
        `Runs per second: ${[...rates].map(([label, all]) => `${label} ${median(all).toFixed(1)}`).join(', ')}.`,
        'chp encrypts every payload, pins runs to the worker’s build, checks each step, and writes each message to its ledger before and after, and to the inbox, on the disk. The bare activities do nothing.',
      ],
      [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
