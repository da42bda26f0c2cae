import { pushSkills } from '../../src/operations/skills.ts';
import { chp, exec } from '../exec.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';

export default {
  name: 'push-one',
  title: 'Push of 91 files and the configuration to a host over SSH, beside one `ssh host true`',
  rounds: 7,
  lacks: lacksHosts,
  prepare: async () => {
    const fleet = await startFleet(1);
    const push = () => pushSkills(fleet.context, 't1', undefined);
    return {
      sides: [
        { label: 'ssh host true', run: () => exec([...fleet.ssh, 'chp-host-1', 'true']) },
        { label: 'chp, nothing changed', run: push },
        { label: 'chp, one file changed', before: fleet.touch, run: push },
        {
          label: 'chp skill push, as a command',
          run: () => chp(['skill', 'push', 't1', '--json'], { env: fleet.env }),
        },
      ],
      limits: [
        { subject: 'chp, nothing changed', than: 'ssh host true', atMost: 1.5 },
        { subject: 'chp, one file changed', than: 'ssh host true', atMost: 2 },
      ],
      notes: () => [
        'The first two forms of chp run in a process that is there already; the command includes its start, from a checkout.',
        'chp does more than copy: it takes the tenant’s lock, writes a job and an audit entry, and compares what runs with what should.',
      ],
      [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
