import { editDocument, setAt } from '../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { ChpError } from '../core/errors.ts';
import type { TenantRecord } from '../core/ports/registry.ts';
import { DEFAULT_PORT } from '../core/tenant/defaults.ts';

/** From its own port on: the gateway takes two, the demo model and Temporal one each. */
const OFFSETS = [0, 2, 5, 7];
const STEP = 10;

/** A port that is taken on a host, and by whom. */
export type TakenPorts = ReadonlyMap<number, string>;

/** Ports of a host that listen, and those of tenants that are registered for it. Pure. */
export function takenPorts(listening: readonly number[], host: string, others: readonly TenantRecord[]): TakenPorts {
  const taken = new Map(listening.map((port): [number, string] => [port, 'another program']));
  for (const other of others.filter((record) => record.host === host))
    for (const offset of OFFSETS) taken.set(portOf(other.document) + offset, `the tenant ${other.name}`);
  return taken;
}

/** A gateway port whose neighbours are free too, from the default one upwards. Pure. @throws CONFLICT */
export function freePort(taken: TakenPorts): number {
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + 1_000; port += STEP)
    if (OFFSETS.every((offset) => !taken.has(port + offset))) return port;
  throw new ChpError('CONFLICT', `no free port from ${DEFAULT_PORT} on`, {
    next: ['Free one on the host, or name another: --port PORT.'],
  });
}

/** The document as it may be registered: with a port chosen where nobody asked for one. Pure. @throws CONFLICT */
export function placed(
  { document, file, choosePort }: { document: string; file: string; choosePort?: boolean },
  taken: TakenPorts,
): string {
  if (choosePort) return withPort(document, file, freePort(taken));
  assertPortFree(document, taken);
  return document;
}

export function withPort(document: string, file: string, port: number): string {
  if (port === DEFAULT_PORT) return document;
  return editDocument(document, file, (yaml) => setAt(yaml, ['gateway', 'port'], port));
}

/** @throws CONFLICT naming who has the port, and the next one that is free */
function assertPortFree(document: string, taken: TakenPorts): void {
  const port = portOf(document);
  const clash = OFFSETS.map((offset) => port + offset).find((own) => taken.has(own));
  if (clash === undefined) return;
  const free = freePort(taken);
  throw new ChpError('CONFLICT', `port ${clash} is taken on the host by ${taken.get(clash)}`, {
    ...(clash === port ? {} : { why: `The gateway at port ${port} and what runs beside it need ${clash}, too.` }),
    next: [`Set gateway.port: ${free} in the document, or --port ${free}.`],
  });
}

export const portOf = (document: string): number => parseTenant(document, 'tenant.yaml').tenant.gateway.port;
