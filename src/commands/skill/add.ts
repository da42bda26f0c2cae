import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { addSkill } from '../../operations/skills.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SkillAdd extends ChpCommand<typeof SkillAdd> {
  static override summary = 'Add a skill to a tenant, and push it.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith builtin:household'];
  static override args = {
    ...tenantArg,
    source: Args.string({ description: '`builtin:<name>` or a folder with a SKILL.md.', required: true }),
  };
  static override flags = stageFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const outcome = await addSkill(context, this.args.tenant, this.args.source, this.flags.stage);
    return [outcome, presentEdit(outcome, `${this.args.source} is added`)];
  }
}
