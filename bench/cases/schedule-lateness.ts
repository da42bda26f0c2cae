import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/packs/interpret/ports.ts';
import { runOptions } from '../../src/services/worker/runs.ts';
import { RUN_PACK } from '../../src/services/worker/workflows/names.ts';
import { pack } from '../../test/integration/worker/packs.ts';
import { type BenchCase, Figure, quantile } from '../harness.ts';
import { inputOf, startWorkerStage } from '../worker-stage.ts';

/** Each begins at a second of its own, twice a round: none has to do with what it did a moment ago. */
const [SCHEDULES, TIMES] = [30, 2];
const tick = pack([{ id: 'tick', uses: 'set', with: { at: '${{ now }}' } }], { id: 'tick' });
const P50 = 'p50';
const P95 = 'p95';

export default {
  name: 'schedule-lateness',
  title: `How long after its time a scheduled run’s first step begins: one of ${SCHEDULES} schedules each second, ${SCHEDULES * TIMES} runs a round`,
  rounds: 2,
  lacks: async () => null,
  prepare: async () => {
    const stage = await startWorkerStage([tick]);
    const client = stage.clientOf('smith');
    let late: number[] = [];
    const round = async () => {
      const name = randomBytes(4).toString('hex');
      const ids = Array.from({ length: SCHEDULES }, (_, at) => `smith/tick/${name}-${at}`);
      await Promise.all(ids.map((id, at) => client.schedule.create(scheduleOf(id, at))));
      await sleep(SCHEDULES * TIMES * 1000);
      await Promise.all(ids.map((id) => client.schedule.getHandle(id).delete()));
      late = [];
      for await (const { workflowId } of client.workflow.list({
        query: `WorkflowId STARTS_WITH 'smith/tick/${name}-'`,
      })) {
        // The server adds the time that was meant to the id.
        const meant = Date.parse(workflowId.replace(/^.*?-(?=\d{4}-\d\d-\d\dT)/, ''));
        const { steps } = (await client.workflow.getHandle(workflowId).result()) as RunResult;
        late.push(Date.parse(steps[0]?.began ?? '') - meant);
      }
      if (late.length < SCHEDULES * TIMES * 0.8) throw new Error(`only ${late.length} runs were started`);
      return new Figure(quantile(late, 0.5));
    };
    return {
      sides: [
        { label: P50, run: round },
        { label: P95, run: async () => new Figure(quantile(late, 0.95)) },
      ],
      limits: [{ subject: P95, than: null, atMost: 250 }],
      notes: () => [
        'From the time that is meant to the begin of the first step, as the run itself sees it: the server’s timer, its queue and the worker’s first task are in it.',
      ],
      [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;

/** As the worker makes them, but more often than a day’s, so that there are enough of them. */
const scheduleOf = (scheduleId: string, at: number) => ({
  scheduleId,
  spec: { intervals: [{ every: SCHEDULES * 1_000, offset: at * 1_000 }] },
  policies: { overlap: 'ALLOW_ALL' as const, catchupWindow: '10m' as const },
  action: {
    type: 'startWorkflow' as const,
    workflowType: RUN_PACK,
    workflowId: scheduleId,
    ...runOptions(inputOf(tick, 'smith')),
  },
});
