import { pushTenants } from '../../src/operations/push-tenants.ts';
import { onPath } from '../exec.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';
import { published } from '../published.ts';
import { rivals } from '../rivals.ts';

const IN_PROCESS = 'chp, in a process that is there already';
const COMMAND = 'chp tenant push --all';
const RSYNC = 'rsync -a, 4 at once';

export default {
  name: 'push-four',
  title:
    'Push of 91 files to 4 hosts at once, nothing changed: chp, rsync -a, pyinfra and ansible-core on the same files and hosts',
  rounds: 3,
  lacks: async () => (onPath('python3') ? lacksHosts() : 'python3 is not installed'),
  prepare: async () => {
    const fleet = await startFleet({ hosts: 4 });
    const { chp, [Symbol.asyncDispose]: dispose } = await published();
    const { rsync, pyinfra, ansible } = await rivals(fleet);
    return {
      sides: [
        { label: RSYNC, run: rsync, times: 3 },
        { label: IN_PROCESS, run: () => pushTenants(fleet.context, null, 4), times: 3 },
        { label: COMMAND, run: () => chp(['tenant', 'push', '--all', '--json'], { env: fleet.env }), times: 3 },
        { label: 'pyinfra', run: pyinfra },
        { label: 'ansible-core, pipelining', run: ansible },
      ],
      limits: [IN_PROCESS, COMMAND].flatMap((subject) => [
        { subject, than: RSYNC, atMost: 1.5 },
        { subject, than: 'pyinfra', atMost: 1 / 20 },
        { subject, than: 'ansible-core, pipelining', atMost: 1 / 50 },
      ]),
      notes: () => [
        'All but the first form of chp include the start of their processes; chp as published.',
        'The quick ones run three times a round, and the median of those counts.',
      ],
      [Symbol.asyncDispose]: async () => {
        await dispose();
        await fleet[Symbol.asyncDispose]();
      },
    };
  },
} satisfies BenchCase;
