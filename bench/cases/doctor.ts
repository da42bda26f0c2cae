import { diagnose } from '../../src/operations/doctor/diagnose.ts';
import { exec } from '../exec.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';
import { lookAt } from '../look-at.ts';
import { published } from '../published.ts';

const SSH = 'ssh host true';
const HERE = 'chp doctor TENANT';
const COMMAND = 'chp doctor TENANT, as a command';

export default {
  name: 'doctor',
  title: 'Doctor of a healthy tenant over SSH, a real turn with the model included, beside one `ssh host true`',
  rounds: 7,
  lacks: lacksHosts,
  prepare: async () => {
    const fleet = await startFleet();
    const { program, [Symbol.asyncDispose]: dispose } = await published();
    const look = async () => {
      const { well, reports } = await diagnose(fleet.context, lookAt(['t1']));
      if (!well) throw new Error(`the tenant is not well: ${JSON.stringify(reports)}`);
    };
    return {
      sides: [
        { label: SSH, run: () => exec([...fleet.ssh, 'chp-host-1', 'true']), times: 3 },
        { label: HERE, run: look },
        { label: COMMAND, run: () => exec([...program, 'doctor', 't1', '--json'], { env: fleet.env }) },
      ],
      limits: [{ subject: HERE, than: SSH, atMost: 10 }],
      notes: () => [
        'Some seventy checks: this machine, and everything about the tenant, each entry of the runtime on the host’s disk included. The command includes its start, as published.',
      ],
      [Symbol.asyncDispose]: async () => {
        await dispose();
        await fleet[Symbol.asyncDispose]();
      },
    };
  },
} satisfies BenchCase;
