import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { pushSkills } from '../../operations/skills.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SkillPush extends ChpCommand<typeof SkillPush> {
  static override summary = 'Read the skills’ folders anew, and push what changed.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith garden'];
  static override args = { ...tenantArg, skill: Args.string({ description: 'Name of the skill; all when left out.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const outcome = await pushSkills(context, this.args.tenant, this.args.skill);
    return [outcome, presentEdit(outcome, `${this.args.skill ?? 'every skill'} is pushed`)];
  }
}
