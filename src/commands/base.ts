import { Command, Flags, type Interfaces } from '@oclif/core';
import { ChpError } from '../core/errors.ts';
import { redactor } from '../core/redact.ts';
import { type Context, openContext } from '../operations/context.ts';
import { asChpError, reportError } from '../presenters/error.ts';
import { plainProgress, redactedProgress, silentProgress } from '../presenters/progress.ts';
import { isUsageError, usageError } from '../presenters/usage.ts';
import { withFalse, withoutStdin } from './args.ts';

type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<(typeof ChpCommand)['baseFlags'] & T['flags']>;
type ArgsOf<T extends typeof Command> = Interfaces.InferredArgs<T['args']>;

/**
 * What every command shares. A command parses, opens the context, calls one operation and returns `[result, text]`:
 * --json prints the result, everybody else reads the text.
 */
export abstract class ChpCommand<T extends typeof Command> extends Command {
  static override baseFlags = {
    json: Flags.boolean({
      description: 'Print the result as JSON, and nothing else, on standard output.',
      helpGroup: 'GLOBAL',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'No progress; results and errors only.', helpGroup: 'GLOBAL' }),
    verbose: Flags.boolean({ description: 'Also print where an error comes from.', helpGroup: 'GLOBAL' }),
    wait: Flags.integer({
      description: 'Seconds to wait for another run on the same tenant.',
      default: 60,
      min: 0,
      helpGroup: 'GLOBAL',
    }),
    'accept-new': Flags.boolean({
      description: "Pin a host's key on first contact without asking.",
      helpGroup: 'GLOBAL',
    }),
  };

  protected flags!: FlagsOf<T>;
  protected args!: ArgsOf<T>;
  readonly #abort = new AbortController();

  /** The command itself. @returns what --json prints, and what people read (`null` = it was printed already) */
  protected abstract perform(context: Context): Promise<[result: unknown, text: string | null]>;

  override async run(): Promise<void> {
    // Said before, so that oclif does not warn of an unparsed command when the parser refuses.
    this.parsed = true;
    const { args, flags } = await this.parse({
      flags: this.ctor.flags,
      baseFlags: ChpCommand.baseFlags,
      args: withoutStdin(this.ctor.args),
      strict: this.ctor.strict,
    });
    this.flags = withFalse(flags, this.ctor.flags ?? {}) as FlagsOf<T>;
    this.args = args as ArgsOf<T>;
    // Whoever asks twice is not kept waiting: the second signal ends the process, as kill would.
    const stop = (): void => this.#abort.abort();
    process.once('SIGINT', stop).once('SIGTERM', stop);
    await using context = openContext({
      env: process.env,
      signal: this.#abort.signal,
      lockWaitMs: this.flags.wait * 1000,
      progress: redactedProgress(await this.#progress(), redactor),
      ssh: {
        acceptNew: this.flags['accept-new'],
        ...(this.interactive ? await import('../presenters/prompts.ts').then((prompts) => prompts.sshPrompts) : {}),
      },
    });
    const [result, text] = await this.perform(context);
    if (this.flags.json) this.print(JSON.stringify({ ok: true, result: redactor.json(result) }, null, 2));
    else if (text !== null) this.print(redactor.text(text));
  }

  /** A person is there to be asked. */
  protected get interactive(): boolean {
    return Boolean(process.stdin.isTTY && process.stdout.isTTY && !this.flags.json && !process.env.CI);
  }

  protected print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** For what can't be undone: --yes, or a person who says so. @throws BAD_INPUT in a pipeline without --yes */
  protected async confirm(question: string, yes: boolean): Promise<void> {
    if (yes) return;
    if (!this.interactive)
      throw new ChpError('BAD_INPUT', 'this needs a confirmation', { next: ['Say --yes when it is meant.'] });
    const { confirm } = await import('../presenters/prompts.ts');
    if (!(await confirm(question))) throw new ChpError('INTERRUPTED', 'nothing was changed');
  }

  protected override async catch(error: Error & { oclif?: { exit?: number } }): Promise<void> {
    const known = Object.keys({ ...ChpCommand.baseFlags, ...this.ctor.flags });
    const fault = isUsageError(error)
      ? usageError(error, this.id ?? '', known)
      : asChpError(error, this.#abort.signal.aborted);
    reportError(fault, this.argv);
    process.exitCode = fault.exitCode;
  }

  async #progress() {
    if (this.flags.json || this.flags.quiet) return silentProgress();
    if (process.stderr.isTTY && process.stdout.isTTY && !process.env.CI)
      return (await import('../presenters/terminal-progress.ts')).terminalProgress();
    return plainProgress(process.stderr);
  }
}
