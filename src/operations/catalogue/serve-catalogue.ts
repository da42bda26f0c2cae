import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FolderStore } from '../../adapters/catalogue/folder.ts';
import { MAX_BYTES, SNAPSHOT } from '../../adapters/catalogue/layout.ts';
import { catalogueServer } from '../../adapters/catalogue/serve.ts';
import { readCatalogues } from '../../adapters/catalogue/settings.ts';
import { noCatalogue } from '../../adapters/catalogue/trust.ts';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../context.ts';

export interface ServedCatalogue {
  dir: string;
  url: string;
  /** Ends when the run is interrupted. */
  ended: Promise<void>;
}

/**
 * Serves a folder over HTTP, read only, until the run is interrupted.
 * @param where A folder, or the name of a registered catalogue in one.
 * @throws NOT_FOUND; CONFLICT when the port is taken
 */
export async function serveCatalogue(
  context: Context,
  where: string,
  options: { host: string; port: number; url: string | undefined },
): Promise<ServedCatalogue> {
  const dir = readCatalogues(context.home).find(({ name }) => name === where)?.location ?? where;
  if (!(await new FolderStore(dir).get(SNAPSHOT, MAX_BYTES.snapshot))) throw noCatalogue(dir);
  const server = catalogueServer({ dir, url: options.url, onAnswer: (line) => context.progress.note(line) });
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const ended = new Promise<void>((resolve) => {
    server.once('close', resolve);
    const stop = (): void => {
      server.close();
      server.closeAllConnections();
    };
    if (context.signal.aborted) stop();
    else context.signal.addEventListener('abort', stop, { once: true });
  });
  return { dir, url: options.url ?? `http://${host}:${port}`, ended };
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ChpError('CONFLICT', `port ${port} of ${host} can't be served from`, {
          why: error.message,
          next: ['Choose another --port; 0 takes any that is free.'],
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
