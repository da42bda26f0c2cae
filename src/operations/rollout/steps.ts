import { ChpError } from '../../core/errors.ts';
import { applyTenant } from '../apply-tenant.ts';
import type { Context } from '../context.ts';
import type { Converged } from '../converge-tenant.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { rollbackTenant } from '../generations/rollback.ts';
import { type UpgradeOptions, upgradeTenant } from '../upgrade/upgrade-tenant.ts';

/** What a rollout does to one tenant. It may be begun again after a cut, and then must find what is done already. */
export interface RolloutStep {
  /**
   * `job`: the same for the same rollout and tenant, however often it is begun.
   * @returns what was done, in a few words
   */
  run(context: Context, tenant: string, options: Record<string, unknown>, job: string): Promise<string>;
  /** The look after the soak. @throws when it is not well */
  check(context: Context, tenant: string): Promise<void>;
}

export type RolloutSteps = Readonly<Record<string, RolloutStep>>;

/** What a change could have broken: a full disk or an old backup is no reason to halt a rollout. */
const LOOKED_AT = ['agent', 'services', 'gateway', 'turn', 'channels', 'worker', 'packs', 'generation'];
const HOUR_MS = 3_600_000;

/** Every operation that can be rolled out, by the name that is kept in the registry. */
export const ROLLOUT_STEPS: RolloutSteps = {
  apply: {
    run: async (context, tenant) => saidOf(await applyTenant(context, tenant)),
    check: askDoctor,
  },
  upgrade: {
    run: async (context, tenant, options, jobId) => {
      const { outcome, to } = await upgradeTenant(context, tenant, { ...(options as UpgradeOptions), jobId });
      return outcome === 'upgraded' ? `${to.runtime}, generation ${to.generation.slice(0, 12)} runs` : 'had it already';
    },
    check: askDoctor,
  },
  rollback: {
    run: async (context, tenant, { target, state }) => {
      const to = { to: String(target), from: null, state: state as 'keep' | 'restore' | null };
      await rollbackTenant(context, tenant, to);
      return `generation ${String(target).slice(0, 12)} runs`;
    },
    check: askDoctor,
  },
};

const saidOf = ({ applied: { outcome, generation } }: Converged): string =>
  outcome === 'converged' ? 'had it already' : `generation ${generation.slice(0, 12)} runs`;

async function askDoctor(context: Context, tenant: string): Promise<void> {
  const { reports } = await diagnose(context, {
    tenants: [tenant],
    atOnce: 1,
    only: LOOKED_AT,
    skip: [],
    since: new Date(Date.now() - HOUR_MS),
    drift: false,
    onCheck: () => {},
  });
  const failed = reports.flatMap(({ checks }) => checks.filter(({ verdict }) => verdict === 'fail'));
  if (failed.length === 0) return;
  throw new ChpError('UNHEALTHY', failed.map(({ title, detail }) => `${title}: ${detail}`).join('; '), {
    next: [`chp doctor ${tenant}`],
  });
}
