import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { listJobs } from '../../operations/jobs/find-job.ts';
import { presentJobs } from '../../presenters/jobs.ts';
import { ChpCommand } from '../base.ts';

export default class JobList extends ChpCommand<typeof JobList> {
  static override summary = 'List jobs: changes to one tenant, and rollouts to many.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant smith --state failed',
  ];
  static override flags = {
    tenant: Flags.string({ description: 'Only those of this tenant.' }),
    state: Flags.string({
      description: 'Only those in this state.',
      options: ['running', 'done', 'failed', 'interrupted', 'paused', 'halted', 'partial', 'cancelled'],
    }),
    limit: Flags.integer({ description: 'The newest so many.', default: 20, min: 1, max: 1000 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const jobs = await listJobs(await context.registry(), this.flags);
    return [jobs, presentJobs(jobs)];
  }
}
