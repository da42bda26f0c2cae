import type { Context } from '../../operations/context.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { presentJob } from '../../presenters/jobs.ts';
import { jobArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class JobShow extends ChpCommand<typeof JobShow> {
  static override summary = 'Show a job: its steps, or its tenants and why each is where it is.';
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a9c01'];
  static override args = jobArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const job = await findJob(await context.registry(), this.args.job);
    return [job, presentJob(job)];
  }
}
