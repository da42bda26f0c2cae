import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { ChpError } from '../core/errors.ts';
import { EXIT_CODES } from '../core/exit-codes.ts';
import type { Context } from '../operations/context.ts';
import type { DoctorOptions } from '../operations/doctor/diagnose.ts';
import { type DoctorResult, doctor } from '../operations/doctor/doctor.ts';
import { sinceWhen } from '../operations/doctor/since.ts';
import { listTenants } from '../operations/select-tenants.ts';
import { presentCheck, presentDiagnosis, presentFixes } from '../presenters/doctor.ts';
import { selectorFlag, yesFlag } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Doctor extends ChpCommand<typeof Doctor> {
  static override summary = 'Find out what is wrong, on this machine and on tenants’ hosts, and how to mend it.';
  static override description =
    `Drives every path as its user would, and says what it did not check. Changes nothing without --fix. Exit code ${EXIT_CODES.findings.code} when a check failed (with --strict: or warned).`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> --all --strict --json',
    '<%= config.bin %> <%= command.id %> smith --only gateway --only turn --watch 30',
    '<%= config.bin %> <%= command.id %> smith --fix',
    '<%= config.bin %> <%= command.id %> smith --bundle smith.tar',
  ];
  static override args = {
    tenants: Args.string({ description: 'Names of tenants; none: this machine alone.', multiple: true }),
  };
  static override flags = {
    ...yesFlag,
    ...selectorFlag,
    all: Flags.boolean({ description: 'All tenants of the registry.' }),
    'at-once': Flags.integer({ description: 'How many at a time.', default: 16, min: 1, max: 64 }),
    only: Flags.string({ description: 'This group or check. May be given several times.', multiple: true }),
    skip: Flags.string({ description: 'Not this group or check. May be given several times.', multiple: true }),
    since: Flags.string({ description: 'Look at history from then on: 90m, 24h, 7d, or a date.', default: '24h' }),
    drift: Flags.boolean({
      description: 'Also what takes seconds: the engine’s look at the host, every byte of the programs.',
    }),
    strict: Flags.boolean({ description: 'A warning counts as a failure.' }),
    fix: Flags.boolean({ description: 'Do the fixes that are safe, then look again. Asks, unless --yes.' }),
    bundle: Flags.string({
      description: 'Also write an archive for support to this file: what was found, statuses, logs; no secrets.',
      helpValue: 'FILE',
    }),
    watch: Flags.integer({
      description: 'Look again every so many seconds, until Ctrl-C.',
      min: 1,
      exclusive: ['json', 'fix', 'bundle'],
    }),
  };

  protected async perform(context: Context): Promise<[unknown, string | null]> {
    const { fix, watch, strict, bundle = null } = this.flags;
    const tenants = await this.#tenants(context);
    let result: DoctorResult;
    do {
      result = await doctor(context, this.#options(tenants), fix ? (fixes) => this.#approve(fixes) : null, bundle);
      const bad = !result.well || (strict && result.sum.warn > 0);
      process.exitCode = bad ? EXIT_CODES.findings.code : EXIT_CODES.ok.code;
      if (watch === undefined) break;
      this.print(`${presentDiagnosis(result)}\n${new Date().toISOString()}\n`);
      await sleep(watch * 1000, undefined, { signal: context.signal }).catch(() => {});
    } while (!context.signal.aborted);
    return [result, watch === undefined ? presentDiagnosis(result) : null];
  }

  async #tenants(context: Context): Promise<DoctorOptions['tenants']> {
    const { all, selector } = this.flags;
    const names = this.args.tenants ?? [];
    if ([all, selector !== undefined, names.length > 0].filter(Boolean).length > 1)
      throw new ChpError('BAD_INPUT', 'names, --all and --selector exclude each other');
    if (selector !== undefined) return (await listTenants(context, selector)).map(({ name }) => name);
    return all ? 'all' : names;
  }

  #options(tenants: DoctorOptions['tenants']): DoctorOptions {
    const { 'at-once': atOnce, only = [], skip = [], since, drift, json, quiet } = this.flags;
    return {
      ...{ tenants, atOnce, only, skip, drift },
      since: sinceWhen(since, new Date()),
      onCheck: (check, tenant) => {
        const line = json ? null : presentCheck(check, tenant, quiet);
        if (line !== null) this.print(line);
      },
    };
  }

  async #approve(fixes: Parameters<typeof presentFixes>[0]): Promise<boolean> {
    if (!this.flags.json) this.print(`\nSafe to do now:\n${presentFixes(fixes)}`);
    await this.confirm('Do it?', this.flags.yes);
    return true;
  }
}
