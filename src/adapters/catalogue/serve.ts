import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sha256 } from '../../core/digest.ts';
import type { Packument } from '../../core/ports/catalogue.ts';
import { PACK_LIMITS } from '../../packs/tarball.ts';
import { FolderStore } from './folder.ts';
import { KEYS, MAX_BYTES, PACKUMENTS, SHARDS, SNAPSHOT, TARBALLS, tarballUrl } from './layout.ts';
import { parseJson } from './static.ts';

/** What is served, and how: nothing else of the folder, whatever lies in it. */
const ROUTES: readonly { path: RegExp; type: string; fixed: boolean; maxBytes: number }[] = [
  { path: new RegExp(`^(${KEYS}|${SNAPSHOT})$`), type: 'application/json', fixed: false, maxBytes: MAX_BYTES.snapshot },
  {
    path: new RegExp(`^(${SHARDS}|${PACKUMENTS})/[0-9a-f]{64}\\.json$`),
    type: 'application/json',
    fixed: true,
    maxBytes: MAX_BYTES.shard,
  },
  {
    path: new RegExp(`^${TARBALLS}/@[a-z0-9][a-z0-9._-]*/[a-z0-9][A-Za-z0-9._+-]*\\.tgz$`),
    type: 'application/octet-stream',
    fixed: true,
    maxBytes: PACK_LIMITS.packed,
  },
];
const PACKUMENT = /^@[a-z0-9][a-z0-9._-]*\/[a-z0-9][a-z0-9-]*$/;

export interface ServeOptions {
  dir: string;
  /** Address that clients use, where it is another than the one they ask (a proxy in front). */
  url?: string | undefined;
  /** Told of each answer. */
  onAnswer?: (line: string) => void;
}

/** Serves the catalogue in a folder, read only, to chp and to npm's tools. */
export function catalogueServer({ dir, url, onAnswer }: ServeOptions): Server {
  const store = new FolderStore(dir);
  return createServer((request, response) => {
    void answer(store, request, response, url)
      .catch(() => response.headersSent || response.writeHead(500).end())
      .finally(() => onAnswer?.(`${request.method} ${request.url?.slice(0, 200)} ${response.statusCode}`));
  });
}

async function answer(
  store: FolderStore,
  request: IncomingMessage,
  response: ServerResponse,
  url: string | undefined,
): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const path = pathOf(request);
  if (path === '-/ping') return send(request, response, Buffer.from('{}'), 'application/json', false);
  const route = ROUTES.find((one) => path !== null && one.path.test(path));
  if (path !== null && route) {
    const file = await store.get(path, route.maxBytes);
    if (file) return send(request, response, file.bytes, route.type, route.fixed);
  } else if (path !== null && PACKUMENT.test(path)) {
    const file = await store.get(path, MAX_BYTES.packument);
    const at = url ?? addressOf(request);
    if (file) return send(request, response, addressed(file.bytes, path, at), 'application/json', false);
  }
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
}

function send(request: IncomingMessage, response: ServerResponse, bytes: Buffer, type: string, fixed: boolean): void {
  const etag = `"${sha256(bytes).slice(0, 32)}"`;
  response.setHeader('etag', etag);
  response.setHeader('cache-control', fixed ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.byteLength });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Tarballs are to be fetched from where the packument was asked for. */
function addressed(bytes: Buffer, path: string, url: string): Buffer {
  const packument = parseJson<Packument>(bytes, url, path);
  for (const version of Object.values(packument.versions))
    version.dist.tarball = tarballUrl(url, version.name, version.version);
  return Buffer.from(JSON.stringify(packument));
}

function pathOf(request: IncomingMessage): string | null {
  try {
    return decodeURIComponent(new URL(request.url ?? '/', 'http://catalogue').pathname).slice(1);
  } catch {
    return null;
  }
}

function addressOf(request: IncomingMessage): string {
  const { host = '' } = request.headers;
  const { localPort } = request.socket;
  return `http://${/^[a-z0-9.:[\]-]+$/i.test(host) ? host : `127.0.0.1:${localPort}`}`;
}
