import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { removeSkill } from '../../operations/skills.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SkillRemove extends ChpCommand<typeof SkillRemove> {
  static override summary = 'Remove a skill from a tenant.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith household'];
  static override args = { ...tenantArg, skill: Args.string({ description: 'Name of the skill.', required: true }) };
  static override flags = stageFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const outcome = await removeSkill(context, this.args.tenant, this.args.skill, this.flags.stage);
    return [outcome, presentEdit(outcome, `${this.args.skill} is removed`)];
  }
}
