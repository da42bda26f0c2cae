import type { Context } from '../../operations/context.ts';
import { askJob } from '../../operations/jobs/steer-job.ts';
import { presentRollout } from '../../presenters/rollout.ts';
import { jobArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class JobPause extends ChpCommand<typeof JobPause> {
  static override summary = 'Let a rollout begin no more tenants; what is being done is done to its end.';
  static override description = '`chp job resume` goes on.';
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a9c01'];
  static override args = jobArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const job = await askJob(context, this.args.job, 'pause');
    return [job, presentRollout(job)];
  }
}
