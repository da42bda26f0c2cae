import { Flags } from '@oclif/core';
import { applyTenant } from '../../operations/apply-tenant.ts';
import type { Context } from '../../operations/context.ts';
import { planTenant } from '../../operations/plan-tenant.ts';
import { readDocument } from '../../operations/read-document.ts';
import { presentPlan } from '../../presenters/plan.ts';
import { presentConverged } from '../../presenters/tenant.ts';
import { fileFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantApply extends ChpCommand<typeof TenantApply> {
  static override summary = 'Make the host what the document says, and prove it.';
  static override description =
    'Mends what was changed on the host by hand (of what the operator owns), pushes what is new, and goes back by itself when a check fails.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith -f tenant.yaml',
    '<%= config.bin %> <%= command.id %> smith --dry-run',
  ];
  static override args = tenantArg;
  static override flags = { ...fileFlag, 'dry-run': Flags.boolean({ description: 'As `tenant plan`.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const document = this.flags.file ? await readDocument(this.flags.file) : undefined;
    if (this.flags['dry-run']) {
      const plan = await planTenant(context, this.args.tenant, document);
      return [plan, presentPlan(plan)];
    }
    const applied = await applyTenant(context, this.args.tenant, document);
    return [applied, presentConverged(applied)];
  }
}
