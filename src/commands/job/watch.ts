import type { Context } from '../../operations/context.ts';
import { watchJob } from '../../operations/jobs/watch-job.ts';
import { presentJob } from '../../presenters/jobs.ts';
import { exitWith, jobArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class JobWatch extends ChpCommand<typeof JobWatch> {
  static override summary = 'Follow a job that runs here or elsewhere to its end.';
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a9c01'];
  static override args = jobArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const job = await watchJob(context, this.args.job);
    exitWith(job);
    return [job, presentJob(job)];
  }
}
