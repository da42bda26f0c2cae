import { EXIT_CODES } from '../../core/exit-codes.ts';
import { verifyCatalogue } from '../../operations/catalogue/verify-catalogue.ts';
import type { Context } from '../../operations/context.ts';
import { presentVerdict } from '../../presenters/catalogue.ts';
import { catalogueArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueVerify extends ChpCommand<typeof CatalogueVerify> {
  static override summary = 'Read every version of every pack through the gate, and report every fault.';
  static override description = 'Ends with 11 when there are faults.';
  static override examples = ['<%= config.bin %> <%= command.id %> home'];
  static override args = catalogueArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const verdict = await verifyCatalogue(context, this.args.catalogue);
    if (verdict.faults.length > 0) process.exitCode = EXIT_CODES.integrity.code;
    return [verdict, presentVerdict(verdict)];
  }
}
