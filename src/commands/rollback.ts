import { Args, Flags } from '@oclif/core';
import { ChpError } from '../core/errors.ts';
import type { Context } from '../operations/context.ts';
import type { RollbackPlan } from '../operations/generations/plan-rollback.ts';
import { planRollback, rollbackTenant } from '../operations/generations/rollback.ts';
import { namesMany } from '../operations/rollout/names-many.ts';
import { lostInWords, presentRollbackPlan, presentRolledBack } from '../presenters/generations.ts';
import { presentRolledOut } from '../presenters/rollout.ts';
import { exitWith, rolloutFlags, yesFlag } from './args.ts';
import { ChpCommand } from './base.ts';

type Fate = 'keep' | 'restore' | null;

export default class Rollback extends ChpCommand<typeof Rollback> {
  static override summary =
    'Go back to an earlier generation, whole: runtime, config, skills, packs, services and secrets.';
  static override description =
    'It is checked as any other, and what runs now comes back by itself when a check fails. tenant.yaml, skills, packs and secrets in the registry become what that generation was made of. Where the runtime changes, say what is to become of sessions and workspace; WhatsApp’s keys and the like never go back in time.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith --dry-run',
    '<%= config.bin %> <%= command.id %> smith --yes',
    '<%= config.bin %> <%= command.id %> smith --to 4 --restore-state',
    '<%= config.bin %> <%= command.id %> --selector ring=early --yes',
  ];
  static override args = { tenant: Args.string({ description: 'Name of the tenant.' }) };
  static override flags = {
    to: Flags.string({
      description: 'Number or beginning of the digest; by default the last proven one before what runs.',
    }),
    'keep-state': Flags.boolean({
      description: 'Sessions and workspace stay as they are.',
      exclusive: ['restore-state'],
    }),
    'restore-state': Flags.boolean({
      description: 'Sessions and workspace become what they were before the newer runtime came.',
    }),
    'dry-run': Flags.boolean({ description: 'Only show what would be done.' }),
    ...yesFlag,
    ...rolloutFlags,
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant } = this.args;
    if (namesMany(this.flags, tenant) || tenant === undefined) {
      if (this.flags.to !== undefined)
        throw new ChpError('BAD_INPUT', '--to is for one tenant: many go back to what each of them ran before');
      const { rollbackOperation } = await import('../operations/rollout/rollback-targets.ts');
      const operation = await rollbackOperation(context, this.flags.selector ?? null, this.#said());
      if (!this.flags['dry-run']) await this.confirm('Roll back all of them?', this.flags.yes);
      // Loaded here: a change to one tenant must not pay for it.
      const { previewRollout, rollOut } = await import('../operations/rollout/roll-out.ts');
      const rolledOut = await (this.flags['dry-run'] ? previewRollout : rollOut)(context, operation, this.flags);
      if (rolledOut.kind === 'rollout') exitWith(rolledOut);
      return [rolledOut, presentRolledOut(rolledOut)];
    }
    const plan = await planRollback(context, tenant, this.flags.to ?? null);
    if (this.flags['dry-run']) return [plan, presentRollbackPlan(plan)];
    const state = await this.#fate(plan);
    if (this.interactive && !this.flags.yes) this.print(presentRollbackPlan(plan));
    await this.confirm(`Go back to generation ${plan.to.number} of ${tenant}?`, this.flags.yes);
    const from = plan.from?.digest ?? null;
    const result = await rollbackTenant(context, tenant, { to: String(plan.to.number), from, state });
    return [result, presentRolledBack(result)];
  }

  #said(): Fate {
    if (this.flags['keep-state']) return 'keep';
    return this.flags['restore-state'] ? 'restore' : null;
  }

  async #fate({ tenant, to, state }: RollbackPlan): Promise<Fate> {
    const said = this.#said();
    if (said) return said;
    if (!state.runtimeChanges) return null;
    if (this.interactive && state.snapshot) {
      const { select } = await import('../presenters/prompts.ts');
      return await select('Another runtime will read sessions and workspace.', [
        { value: 'restore' as const, name: `Put back what they were. Lost: ${lostInWords(state.snapshot.lost)}` },
        ...(state.irreversible ? [] : [{ value: 'keep' as const, name: 'Leave them as they are now' }]),
      ]);
    }
    throw new ChpError('BAD_INPUT', `${tenant} would go back to ${to.runtime}: what is to become of its sessions?`, {
      next: ['--restore-state puts back what they were.', '--keep-state leaves them as they are now.'],
      details: { state },
    });
  }
}
