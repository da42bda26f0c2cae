import type { Context } from '../../operations/context.ts';
import { askJob } from '../../operations/jobs/steer-job.ts';
import { presentRollout } from '../../presenters/rollout.ts';
import { jobArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class JobCancel extends ChpCommand<typeof JobCancel> {
  static override summary = 'End a rollout for good; what is being done is done to its end.';
  static override description =
    'What is done stays done. A halted, paused or partly done rollout is closed by it, too.';
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a9c01'];
  static override args = jobArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const job = await askJob(context, this.args.job, 'cancel');
    return [job, presentRollout(job)];
  }
}
