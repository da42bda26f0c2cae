import { type BenchCase, Figure, median, quantile } from '../harness.ts';
import { FIVE, startWorkerStage, timesOf } from '../worker-stage.ts';

const RUNS = 30;
const [BARE, CHP] = ['bare workflow, 5 empty activities', 'chp, 5 messages'];
const limits = [50, 95].map((p) => ({ subject: `${CHP}: p${p}`, than: `${BARE}: p${p}`, atMost: 1.2 }));

export default {
  name: 'worker-latency',
  title: `One run of five steps at a time, ${RUNS} a round, from start to result: the shipped worker beside a bare Temporal TypeScript workflow`,
  rounds: 7,
  lacks: async () => null,
  prepare: async () => {
    const stage = await startWorkerStage([FIVE]);
    const sides = (label: string, one: () => Promise<unknown>) => {
      let times: number[] = [];
      const p50 = async () => {
        times = await timesOf(RUNS, one);
        return new Figure(median(times));
      };
      return [
        { label: `${label}: p50`, run: p50 },
        { label: `${label}: p95`, run: async () => new Figure(quantile(times, 0.95)) },
      ];
    };
    return {
      sides: [...sides(BARE, () => stage.runBare()), ...sides(CHP, () => stage.run(FIVE))],
      limits,
      [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
