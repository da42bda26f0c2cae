import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { resumeJob } from '../../operations/jobs/steer-job.ts';
import { presentResumed } from '../../presenters/jobs.ts';
import { exitWith, jobArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class JobResume extends ChpCommand<typeof JobResume> {
  static override summary = 'Go on with a job that was paused, halted or cut, or that left tenants for later.';
  static override description =
    'What is done is not done again. Tenants that were offline or outside their windows are tried now; failures so far are taken as seen, unless they are to be tried again.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f2a9c01',
    '<%= config.bin %> <%= command.id %> 3f2a9c01 --retry-failed',
  ];
  static override args = jobArg;
  static override flags = { 'retry-failed': Flags.boolean({ description: 'Also those that failed, once more.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const resumed = await resumeJob(context, this.args.job, { retry: this.flags['retry-failed'] });
    if ('state' in resumed) exitWith(resumed);
    return [resumed, presentResumed(resumed)];
  }
}
