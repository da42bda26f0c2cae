import { Args, Flags } from '@oclif/core';
import { serveCatalogue } from '../../operations/catalogue/serve-catalogue.ts';
import type { Context } from '../../operations/context.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueServe extends ChpCommand<typeof CatalogueServe> {
  static override summary = 'Serve a catalogue in a folder over HTTP, read only, to chp and to npm’s tools.';
  static override description = 'On loopback unless --host says otherwise. Ends with Ctrl-C.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> /srv/packs',
    '<%= config.bin %> <%= command.id %> home --host 0.0.0.0 --port 8080',
    'npm view @clawd-packs/morning-brief --registry http://localhost:4874',
  ];
  static override args = {
    dir: Args.string({ description: 'Folder, or name of a catalogue in one.', default: 'packs' }),
  };
  static override flags = {
    port: Flags.integer({ description: '0: any that is free.', default: 4874, min: 0, max: 65_535 }),
    host: Flags.string({ description: 'Address to listen on.', default: '127.0.0.1' }),
    url: Flags.string({ description: 'Address that clients use, where something stands in front.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string | null]> {
    const { host, port, url } = this.flags;
    const { dir, url: address, ended } = await serveCatalogue(context, this.args.dir, { host, port, url });
    // A script waits for this line; the command itself ends much later.
    if (!this.flags.json) this.print(`serving ${dir} at ${address}`);
    await ended;
    return [{ dir, url: address }, null];
  }
}
