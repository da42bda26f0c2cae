import { rm } from 'node:fs/promises';
import { diagnose } from '../../src/operations/doctor/diagnose.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';
import { lookAt } from '../look-at.ts';
import { standInCache } from '../stand-in/cache.ts';

const [HOSTS, PER_HOST] = [10, 5];
const ONE = 'chp doctor t1';
const FIFTY = 'chp doctor --all, 50 tenants';
/** Nobody answers for the model. */
const WITHOUT = ['turn', 'skills'];

export default {
  name: 'doctor-fifty',
  title: 'Doctor of 50 tenants beside that of one: 16 at once',
  rounds: 3,
  lacks: lacksHosts,
  prepare: async () => {
    const cache = await standInCache();
    const fleet = await startFleet({ hosts: HOSTS, tenantsPerHost: PER_HOST, cache, model: 'none' });
    const look = (tenants: string[] | 'all') => () => diagnose(fleet.context, lookAt(tenants, { skip: WITHOUT }));
    return {
      sides: [
        { label: ONE, run: look(['t1']), times: 3 },
        { label: FIFTY, run: look('all') },
      ],
      limits: [{ subject: FIFTY, than: ONE, atMost: 4 }],
      notes: () => [
        `Fifty tenants, ${PER_HOST} on each of ${HOSTS} hosts; real systemd, sshd and host agent, which share the processors of one machine with chp. A stand-in answers where the gateway would.`,
      ],
      [Symbol.asyncDispose]: async () => {
        await fleet[Symbol.asyncDispose]();
        await rm(cache, { recursive: true, force: true });
      },
    };
  },
} satisfies BenchCase;
