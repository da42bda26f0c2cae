import { type BenchCase, median } from '../harness.ts';
import { FIVE, memoryOf, startWorkerStage } from '../worker-stage.ts';

const [BARE, CHP] = ['bare worker', 'chp’s worker'];
/** What a start leaves behind is collected by then. */
const IDLE_MS = 3_000;

export default {
  name: 'worker-start',
  title:
    'Start of the shipped worker until it takes tasks, and its memory when idle, beside a bare Temporal TypeScript worker with a prebuilt bundle',
  rounds: 7,
  lacks: async () => null,
  prepare: async () => {
    const stage = await startWorkerStage([FIVE]);
    const memory = new Map<string, number[]>();
    const idle = async (label: string, pid: number) => {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      memory.set(label, [...(memory.get(label) ?? []), memoryOf(pid)]);
    };
    let stopBare = async () => {};
    let barePid = 0;
    const startBare = async () => {
      const { pid, stop } = await stage.startBare();
      [barePid, stopBare] = [pid, stop];
    };
    let started = false;
    return {
      sides: [
        {
          label: BARE,
          before: async () => {
            if (started) await idle(CHP, stage.worker.child.pid ?? 0);
          },
          run: startBare,
        },
        {
          label: CHP,
          before: async () => {
            await idle(BARE, barePid);
            await stopBare();
            await stage.worker.kill('SIGKILL');
            started = true;
          },
          run: () => stage.worker.start(),
        },
      ],
      limits: [{ subject: CHP, than: BARE, atMost: 1.2 }],
      notes: () => [
        `Resident memory when idle: ${[...memory].map(([label, all]) => `${label} ${median(all).toFixed(0)} MiB`).join(', ')}.`,
        'Until it takes tasks, chp’s worker also opens its ledger, inbox and audit trail, makes its build the current one and brings the schedules in line.',
      ],
      [Symbol.asyncDispose]: async () => {
        await stopBare();
        await stage[Symbol.asyncDispose]();
      },
    };
  },
} satisfies BenchCase;
