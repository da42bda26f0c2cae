import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { GRAPH_FORMATS, graphPack } from '../../operations/packs/graph-pack.ts';
import { ChpCommand } from '../base.ts';

export default class PackGraph extends ChpCommand<typeof PackGraph> {
  static override summary = 'Draw the steps of a pack: branches, failures, approvals and risk.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> . --format svg --output pack.svg',
    '<%= config.bin %> <%= command.id %> workflow-packs/morning-brief',
  ];
  static override args = { dir: Args.string({ description: 'Folder with a pack.yaml.', required: true }) };
  static override flags = {
    format: Flags.option({
      options: GRAPH_FORMATS,
      default: 'mermaid' as const,
      description: 'Mermaid is drawn by GitHub and editors; SVG by any browser.',
    })(),
    output: Flags.string({ char: 'o', description: 'Write it to this file.' }),
  };

  protected async perform(_: Context): Promise<[unknown, string]> {
    const graph = await graphPack(this.args.dir, this.flags.format, this.flags.output ?? null);
    return [graph, graph.text?.trimEnd() ?? `${graph.id} is drawn in ${graph.file}`];
  }
}
