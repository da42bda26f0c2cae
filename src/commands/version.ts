import { ChpCommand } from './base.ts';

export default class Version extends ChpCommand<typeof Version> {
  static override summary = 'Say which chp this is, and what it runs on.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected async perform(): Promise<[{ version: string; node: string; platform: string }, string]> {
    const { version, platform, arch } = this.config;
    const result = { version, node: process.versions.node, platform: `${platform}-${arch}` };
    return [result, `chp ${version} (node ${result.node}, ${result.platform})`];
  }
}
