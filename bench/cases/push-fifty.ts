import { rm } from 'node:fs/promises';
import { peakOf } from '../exec.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import { type BenchCase, median } from '../harness.ts';
import { published } from '../published.ts';
import { standInCache } from '../stand-in/cache.ts';

const [HOSTS, PER_HOST] = [10, 5];
const FOUR = 'chp tenant push, 4 tenants on 4 hosts';
const FIFTY = 'chp tenant push --all, 50 tenants';
const CHANGED = 'chp tenant push --all, 50 tenants, one file changed';

export default {
  name: 'push-fifty',
  title: 'Push of 91 files to 50 tenants, beside the same push to 4: nothing changed, 8 at once',
  rounds: 3,
  lacks: lacksHosts,
  prepare: async () => {
    const cache = await standInCache();
    const fleet = await startFleet({ hosts: HOSTS, tenantsPerHost: PER_HOST, cache, model: 'none' });
    const { program, [Symbol.asyncDispose]: dispose } = await published();
    const memory = new Map<string, number[]>();
    const push = (label: string, names: string[]) => async () => {
      const peak = await peakOf([...program, 'tenant', 'push', ...names, '--json'], { env: fleet.env });
      memory.set(label, [...(memory.get(label) ?? []), peak]);
    };
    const inMiB = (label: string) => `${median(memory.get(label) ?? [0]).toFixed(0)} MiB`;
    return {
      sides: [
        { label: FOUR, run: push(FOUR, fleet.tenants.slice(0, 4)), times: 3 },
        { label: FIFTY, run: push(FIFTY, ['--all']) },
        { label: CHANGED, before: fleet.touch, run: push(CHANGED, ['--all']) },
      ],
      limits: [{ subject: FIFTY, than: FOUR, atMost: (50 / 4) * 1.2 }],
      notes: () => [
        `Memory of chp at its peak: ${inMiB(FOUR)} with 4 tenants, ${inMiB(FIFTY)} with 50, ${inMiB(CHANGED)} with 50 and one file changed.`,
        `Fifty tenants, ${PER_HOST} on each of ${HOSTS} hosts; real systemd, sshd and host agent. So that fifty fit on one machine, a stand-in of 60 lines answers where the gateway would.`,
      ],
      [Symbol.asyncDispose]: async () => {
        await dispose();
        await fleet[Symbol.asyncDispose]();
        await rm(cache, { recursive: true, force: true });
      },
    };
  },
} satisfies BenchCase;
