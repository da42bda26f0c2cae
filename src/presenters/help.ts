import { Help } from '@oclif/core';
import { EXIT_CODES } from '../core/exit-codes.ts';

/** oclif's help, with the one table of exit codes where it is of use: at the end of the top level. */
export default class ChpHelp extends Help {
  protected override async showRootHelp(): Promise<void> {
    await super.showRootHelp();
    const rows = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
    this.log(['', this.#title('EXIT CODES'), ...rows].join('\n'));
  }

  #title(text: string): string {
    return process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text;
  }
}
