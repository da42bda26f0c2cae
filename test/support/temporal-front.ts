import {
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Stands before a Temporal server as a cluster's gate does: TLS, clients by certificate or API key, an operator API of its own. */
export interface TemporalFront extends AsyncDisposable {
  address: string;
  /** Common names of the certificates that were shown, `''` for none; and paths that were called. */
  readonly seen: { clients: Set<string>; paths: Set<string> };
}

export interface FrontOptions {
  upstream: string;
  cert: string;
  key: string;
  /** Clients must have a certificate of this CA. */
  clientCa?: string;
  /** Clients must say this key. */
  apiKey?: string;
  /** As Temporal Cloud: search attributes are made on its own pages. */
  operatorRefused?: boolean;
}

const UNAUTHENTICATED = '16';
const PERMISSION_DENIED = '7';

export async function startFront(options: FrontOptions): Promise<TemporalFront> {
  const { cert, key, clientCa, apiKey, operatorRefused = false } = options;
  const seen = { clients: new Set<string>(), paths: new Set<string>() };
  const upstream = connect(`http://${options.upstream}`);
  upstream.on('error', () => {});
  const server = createSecureServer({
    cert,
    key,
    ...(clientCa ? { ca: clientCa, requestCert: true, rejectUnauthorized: true } : {}),
  });
  server.on('sessionError', () => {});
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path']);
    seen.paths.add(path);
    const socket = stream.session?.socket as TLSSocket | undefined;
    seen.clients.add(String(socket?.getPeerCertificate()?.subject?.CN ?? ''));
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) return refuse(stream, UNAUTHENTICATED);
    if (operatorRefused && path.includes('OperatorService')) return refuse(stream, PERMISSION_DENIED);
    pass(stream, upstream.request(outgoing(headers)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      upstream.destroy();
      server.close();
    },
  };
}

function refuse(stream: ServerHttp2Stream, status: string): void {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status }, { endStream: true });
}

function pass(stream: ServerHttp2Stream, up: ClientHttp2Stream): void {
  for (const [one, other] of [
    [stream, up],
    [up, stream],
  ] as const)
    one.on('error', () => other.destroy());
  let trailers: IncomingHttpHeaders = {};
  up.on('trailers', (sent) => {
    trailers = sent;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  up.on('response', (headers, flags) => {
    // A failure comes as headers alone.
    const endStream = (flags & 1) === 1;
    stream.respond(headers, { endStream, waitForTrailers: !endStream });
    if (!endStream) up.pipe(stream);
  });
  stream.pipe(up);
}

const outgoing = (headers: IncomingHttpHeaders) => {
  const { authorization: _, ':authority': _authority, ...rest } = headers;
  return { ...rest, ':scheme': 'http' };
};
