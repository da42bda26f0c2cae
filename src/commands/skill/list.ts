import type { Context } from '../../operations/context.ts';
import { listSkills } from '../../operations/skills.ts';
import { table } from '../../presenters/table.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SkillList extends ChpCommand<typeof SkillList> {
  static override summary = 'List the skills of a tenant.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const skills = await listSkills(context, this.args.tenant);
    const rows = skills.map((skill) => [skill.name, skill.source, skill.digest.slice(0, 12), skill.updatedAt]);
    return [
      skills,
      rows.length > 0
        ? table(['NAME', 'SOURCE', 'DIGEST', 'UPDATED'], rows)
        : `No skills. Add one: chp skill add ${this.args.tenant} builtin:household`,
    ];
  }
}
