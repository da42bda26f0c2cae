import type { Context } from '../../operations/context.ts';
import { listSecrets } from '../../operations/secrets.ts';
import { table } from '../../presenters/table.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SecretList extends ChpCommand<typeof SecretList> {
  static override summary =
    'List the names of secrets: which are set, which are needed, how old they are. Never values.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const secrets = await listSecrets(context, this.args.tenant);
    const rows = secrets.map((secret) => [
      secret.name,
      secret.set ? 'yes' : 'NO',
      secret.needed ? 'yes' : 'no',
      secret.updatedAt ?? '-',
    ]);
    return [secrets, table(['NAME', 'SET', 'NEEDED', 'UPDATED'], rows)];
  }
}
