import { pushSkills } from '../../src/operations/skills.ts';
import { exec } from '../exec.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';
import { published } from '../published.ts';

const SSH = 'ssh host true';
const COMMAND = 'chp skill push, as a command';

export default {
  name: 'push-one',
  title: 'Push of 91 files and the configuration to a host over SSH, beside one `ssh host true`',
  rounds: 11,
  lacks: lacksHosts,
  prepare: async () => {
    const fleet = await startFleet();
    const { chp, [Symbol.asyncDispose]: dispose } = await published();
    const push = () => pushSkills(fleet.context, 't1', undefined);
    const command = () => chp(['skill', 'push', 't1', '--json'], { env: fleet.env });
    return {
      sides: [
        { label: SSH, run: () => exec([...fleet.ssh, 'chp-host-1', 'true']) },
        { label: 'chp, nothing changed', run: push },
        { label: 'chp, one file changed', before: fleet.touch, run: push },
        { label: `${COMMAND}, nothing changed`, run: command },
        { label: `${COMMAND}, one file changed`, before: fleet.touch, run: command },
      ],
      limits: [
        { subject: 'chp, nothing changed', than: SSH, atMost: 1.5 },
        { subject: 'chp, one file changed', than: SSH, atMost: 2 },
      ],
      notes: () => [
        'The first two forms of chp run in a process that is there already; the commands include their start, as published.',
        'chp does more than copy: it takes the tenant’s lock, writes a job and an audit entry, and compares what runs with what should. With one file changed it activates a generation: journal, snapshot, switch, checks, confirmation.',
      ],
      [Symbol.asyncDispose]: async () => {
        await dispose();
        await fleet[Symbol.asyncDispose]();
      },
    };
  },
} satisfies BenchCase;
