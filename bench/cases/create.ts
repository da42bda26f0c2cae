import type { Progress, StepHandle } from '../../src/core/ports/progress.ts';
import { openContext } from '../../src/operations/context.ts';
import { createTenant } from '../../src/operations/create-tenant.ts';
import { destroyTenant } from '../../src/operations/destroy-tenant.ts';
import { documentOf, lacksHosts, startFleet } from '../fleet.ts';
import { type BenchCase, median } from '../harness.ts';

const SECOND = 't2';

/** Times of every named step, over all runs. */
function timedProgress(times: Map<string, number[]>): Progress {
  const handle: StepHandle = {
    step: async (title, work) => {
      const begun = performance.now();
      const result = await work(handle);
      const name = title.replace(/[0-9a-f]{12}/, '…');
      times.set(name, [...(times.get(name) ?? []), performance.now() - begun]);
      return result;
    },
    note: () => {},
    warn: () => {},
    says: () => {},
    update: () => {},
  };
  return handle;
}

const coldStart = (onHost: Map<string, number[]>): number =>
  ['restarted', 'checked'].reduce((sum, step) => sum + median(onHost.get(step) ?? [0]), 0);

export default {
  name: 'create',
  title: 'Create a tenant on a prepared host (runtime there, caches warm), up to its first agent turn',
  rounds: 3,
  lacks: lacksHosts,
  prepare: async () => {
    const fleet = await startFleet();
    const steps = new Map<string, number[]>();
    const onHost = new Map<string, number[]>();
    const totals: number[] = [];
    const signal = new AbortController().signal;
    const quiet = fleet.context;
    const context = openContext({ env: quiet.env, progress: timedProgress(steps), signal, ssh: { acceptNew: true } });
    const document = documentOf({ tenant: SECOND, host: 'chp-host-1', skill: fleet.skill, port: 18_889 });
    const run = async () => {
      const input = { document, file: `${SECOND}.yaml`, baseDir: fleet.dir, secrets: new Map() };
      const begun = performance.now();
      const { applied } = await createTenant(context, input);
      totals.push(performance.now() - begun);
      for (const [step, ms] of Object.entries(applied.timings)) onHost.set(step, [...(onHost.get(step) ?? []), ms]);
    };
    const before = async () => {
      const known = (await (await quiet.registry()).tenants()).some(({ name }) => name === SECOND);
      if (known) await destroyTenant(quiet, SECOND, { forget: false });
    };
    const inWords = (times: Map<string, number[]>) =>
      [...times].map(([name, all]) => `${name} ${median(all).toFixed(0)} ms`).join(', ');
    return {
      sides: [{ label: 'chp tenant create', before, run }],
      limits: [],
      notes: () => [
        `By step: ${inWords(steps)}.`,
        `Of that, on the host: ${inWords(onHost)}.`,
        `Without the gateway's own cold start and first turn (restarted, checked): ${(median(totals) - coldStart(onHost)).toFixed(0)} ms.`,
      ],
      [Symbol.asyncDispose]: async () => {
        await context[Symbol.asyncDispose]();
        await fleet[Symbol.asyncDispose]();
      },
    };
  },
} satisfies BenchCase;
