import { Flags } from '@oclif/core';
import { EXIT_CODES } from '../../core/exit-codes.ts';
import type { Context } from '../../operations/context.ts';
import { planTenant } from '../../operations/plan-tenant.ts';
import { readDocument } from '../../operations/read-document.ts';
import { presentPlan } from '../../presenters/plan.ts';
import { fileFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantPlan extends ChpCommand<typeof TenantPlan> {
  static override summary = 'Show what apply would change, hand edits on the host included.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith -f tenant.yaml --exit-code',
  ];
  static override args = tenantArg;
  static override flags = {
    ...fileFlag,
    'exit-code': Flags.boolean({
      description: `Exit with ${EXIT_CODES.changes.code} when there is something to change.`,
    }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const document = this.flags.file ? await readDocument(this.flags.file) : undefined;
    const plan = await planTenant(context, this.args.tenant, document);
    if (this.flags['exit-code'] && !plan.empty) process.exitCode = EXIT_CODES.changes.code;
    return [plan, presentPlan(plan)];
  }
}
