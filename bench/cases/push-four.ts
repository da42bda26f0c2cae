import { pushSkills } from '../../src/operations/skills.ts';
import { chp, onPath } from '../exec.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';
import { rivals } from '../rivals.ts';

const IN_PROCESS = 'chp, 4 at once, in one running process';
const COMMANDS = 'chp skill push, 4 commands at once';
const NOTE =
  'All but the first form of chp include the start of their own processes: like is compared with like in the commands.';

export default {
  name: 'push-four',
  title:
    'Push of 91 files to 4 hosts at once, nothing changed: chp, rsync -a, pyinfra and ansible-core on the same files and hosts',
  rounds: 2,
  lacks: async () => (onPath('python3') ? lacksHosts() : 'python3 is not installed'),
  prepare: async () => {
    const fleet = await startFleet(4);
    const { rsync, pyinfra, ansible } = await rivals(fleet);
    const all = (push: (tenant: string) => Promise<unknown>) => () => Promise.all(fleet.tenants.map(push));
    return {
      sides: [
        { label: 'rsync -a, 4 at once', run: rsync },
        { label: IN_PROCESS, run: all((tenant) => pushSkills(fleet.context, tenant, undefined)) },
        {
          label: COMMANDS,
          run: all((tenant) => chp(['skill', 'push', tenant, '--json'], { env: fleet.env })),
        },
        { label: 'pyinfra', run: pyinfra },
        { label: 'ansible-core, pipelining', run: ansible },
      ],
      limits: [IN_PROCESS, COMMANDS].flatMap((subject) => [
        { subject, than: 'rsync -a, 4 at once', atMost: 1.5 },
        { subject, than: 'pyinfra', atMost: 1 / 20 },
        { subject, than: 'ansible-core, pipelining', atMost: 1 / 50 },
      ]),
      notes: () => [NOTE],
      [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
