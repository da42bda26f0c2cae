import { Help } from '@oclif/core';
import { EXIT_CODES } from '../core/exit-codes.ts';

/** Help, with what oclif leaves out: the exit codes, from the one table. */
export default class ChpHelp extends Help {
  protected override async showRootHelp(): Promise<void> {
    await super.showRootHelp();
    const rows = Object.values(EXIT_CODES).map(({ code, meaning }): [string, string] => [String(code), meaning]);
    this.log(this.section('EXIT CODES', this.renderList(rows, { indentation: 2, spacer: '\n' })));
  }

  override formatCommand(command: Parameters<Help['formatCommand']>[0]): string {
    const codes = Object.entries(EXIT_CODES).map(([name, { code }]) => `${code} ${words(name)}`);
    const text = `${codes.join(', ')}. What they mean: ${this.config.bin} --help`;
    return `${super.formatCommand(command)}\n\n${this.section('EXIT CODES', this.wrap(text))}`;
  }
}

/** `hostUnfit` → `host unfit`. */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
