import { Args, Flags } from '@oclif/core';
import { ChpError } from '../../core/errors.ts';
import { applyTenant } from '../../operations/apply-tenant.ts';
import type { Context } from '../../operations/context.ts';
import { planTenant } from '../../operations/plan-tenant.ts';
import { readDocument } from '../../operations/read-document.ts';
import { namesMany } from '../../operations/rollout/names-many.ts';
import { presentPlan } from '../../presenters/plan.ts';
import { presentRolledOut } from '../../presenters/rollout.ts';
import { presentConverged } from '../../presenters/tenant.ts';
import { exitWith, fileFlag, rolloutFlags } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantApply extends ChpCommand<typeof TenantApply> {
  static override summary = 'Make the host what the document says, and prove it.';
  static override description =
    'Mends what was changed on the host by hand (of what the operator owns), pushes what is new, and goes back by itself when a check fails. Many tenants at once (--selector, --all) are a rollout: canaries first, ring by ring, within each family’s windows; it halts when too many fail, and leaves offline hubs for later.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith -f tenant.yaml',
    '<%= config.bin %> <%= command.id %> smith --dry-run',
    '<%= config.bin %> <%= command.id %> --selector ring=stable --canary 2 --batch 25% --soak-between 10m',
    '<%= config.bin %> <%= command.id %> --all --rings canary,early,stable --dry-run',
  ];
  static override args = { tenant: Args.string({ description: 'Name of the tenant.' }) };
  static override flags = {
    ...fileFlag,
    'dry-run': Flags.boolean({ description: 'As `tenant plan`; of many: who would be changed when, and why.' }),
    ...rolloutFlags,
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant } = this.args;
    if (namesMany(this.flags, tenant) || tenant === undefined) {
      if (this.flags.file) throw new ChpError('BAD_INPUT', 'a document (-f) is of one tenant');
      const operation = { name: 'apply', options: {} };
      // Loaded here: a change to one tenant must not pay for it.
      const { previewRollout, rollOut } = await import('../../operations/rollout/roll-out.ts');
      const rolledOut = await (this.flags['dry-run'] ? previewRollout : rollOut)(context, operation, this.flags);
      if (rolledOut.kind === 'rollout') exitWith(rolledOut);
      return [rolledOut, presentRolledOut(rolledOut)];
    }
    const document = this.flags.file ? await readDocument(this.flags.file) : undefined;
    if (this.flags['dry-run']) {
      const plan = await planTenant(context, tenant, document);
      return [plan, presentPlan(plan)];
    }
    const applied = await applyTenant(context, tenant, document);
    return [applied, presentConverged(applied)];
  }
}
