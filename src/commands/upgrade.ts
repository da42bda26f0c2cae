import { Args, Flags } from '@oclif/core';
import { ChpError } from '../core/errors.ts';
import type { UpgradePlan } from '../core/upgrade.ts';
import type { Context } from '../operations/context.ts';
import { namesMany } from '../operations/rollout/names-many.ts';
import { approvalOf, readPlanFile, writePlanFile } from '../operations/upgrade/plan-file.ts';
import { planUpgrade } from '../operations/upgrade/plan-upgrade.ts';
import { rehearseUpgrade } from '../operations/upgrade/rehearse-upgrade.ts';
import { DEFAULT_SOAK_S, upgradeTenant } from '../operations/upgrade/upgrade-tenant.ts';
import { presentRolledOut } from '../presenters/rollout.ts';
import { presentRehearsal, presentUpgrade, presentUpgradePlan } from '../presenters/upgrade.ts';
import { exitWith, rolloutFlags, yesFlag } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Upgrade extends ChpCommand<typeof Upgrade> {
  static override summary = 'Bring a tenant to a newer runtime, packs and services, or leave it as it is.';
  static override description =
    'Says what would change and whether it can, before anything is touched. The host tries the new version beside the running one, lets turns in flight end, keeps the state, switches, drives it as its user would and watches it; it goes back by itself when anything fails, also when this machine is gone.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith --dry-run',
    '<%= config.bin %> <%= command.id %> smith --to clawdbot@2026.1.24-3 --yes',
    '<%= config.bin %> <%= command.id %> smith --packs',
    '<%= config.bin %> <%= command.id %> --selector ring=stable --canary 2 --soak-between 10m --yes',
    '<%= config.bin %> <%= command.id %> smith --rehearse --promote --yes',
    '<%= config.bin %> <%= command.id %> smith --dry-run --plan-file plan.json && <%= config.bin %> <%= command.id %> smith --plan-file plan.json',
  ];
  static override args = { tenant: Args.string({ description: 'Name of the tenant.' }) };
  static override flags = {
    to: Flags.string({ description: 'Runtime and exact version, as clawdbot@VERSION.' }),
    packs: Flags.boolean({ description: 'The newest versions of packs that tenant.yaml allows.' }),
    services: Flags.boolean({ description: 'Worker, node and host agent of this chp.' }),
    'dry-run': Flags.boolean({ description: 'Only say what would change, and whether it can.' }),
    'plan-file': Flags.string({
      description: 'With --dry-run: write the plan here. Without: do exactly what this plan says, or refuse.',
    }),
    rehearse: Flags.boolean({
      description: 'Only on a copy of its state on the host, channels muted; nothing of the tenant is touched.',
      exclusive: ['dry-run', 'plan-file', 'job-id'],
    }),
    promote: Flags.boolean({ description: 'With --rehearse: do it when that passed.', dependsOn: ['rehearse'] }),
    soak: Flags.integer({
      description: `Seconds to watch it for, on the host; default ${DEFAULT_SOAK_S} where the runtime changes.`,
      min: 0,
      max: 86_400,
    }),
    drain: Flags.integer({ description: 'Seconds that turns in flight get to end; default 30.', min: 0, max: 3_600 }),
    'job-id': Flags.string({
      description: 'Name of this job: after a cut the same command goes on, and what was done is not done again.',
    }),
    ...yesFlag,
    ...rolloutFlags,
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { to, packs, services, soak: soakS, drain: drainS, 'job-id': jobId, 'plan-file': file } = this.flags;
    const request = { to, packs, services };
    const { tenant } = this.args;
    if (namesMany(this.flags, tenant) || tenant === undefined) {
      if (file !== undefined || jobId !== undefined || this.flags.rehearse)
        throw new ChpError('BAD_INPUT', '--plan-file, --job-id and --rehearse are for one tenant', {
          next: ['A rollout is a job of its own: chp job list'],
        });
      const operation = { name: 'upgrade', options: { ...request, soakS, drainS } };
      if (!this.flags['dry-run']) await this.confirm('Upgrade all of them?', this.flags.yes);
      // Loaded here: a change to one tenant must not pay for it.
      const { previewRollout, rollOut } = await import('../operations/rollout/roll-out.ts');
      const rolledOut = await (this.flags['dry-run'] ? previewRollout : rollOut)(context, operation, this.flags);
      if (rolledOut.kind === 'rollout') exitWith(rolledOut);
      return [rolledOut, presentRolledOut(rolledOut)];
    }
    if (this.flags['dry-run']) {
      const { plan } = await planUpgrade(context, tenant, request);
      if (file !== undefined) await writePlanFile(file, approvalOf(request, plan));
      return [plan, presentUpgradePlan(plan)];
    }
    const approved = file === undefined ? undefined : await readPlanFile(file, tenant);
    const confirm = async (plan: UpgradePlan): Promise<void> => {
      if (approved || this.flags.yes) return;
      if (this.interactive) this.print(presentUpgradePlan(plan));
      await this.confirm(`Upgrade ${tenant}?`, false);
    };
    if (this.flags.rehearse) {
      const { promote } = this.flags;
      const how = { ...request, soakS, drainS, promote, ...(promote ? { confirm } : {}) };
      const rehearsed = await rehearseUpgrade(context, tenant, how);
      return [rehearsed, presentRehearsal(rehearsed)];
    }
    const result = await upgradeTenant(context, tenant, { ...request, soakS, drainS, jobId, approved, confirm });
    return [result, presentUpgrade(result)];
  }
}
