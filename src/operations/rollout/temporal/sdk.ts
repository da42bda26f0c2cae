import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unpackedWorkerTree } from '../../../adapters/worker/unpacked.ts';
import { ChpError } from '../../../core/errors.ts';
import type { Context } from '../../context.ts';

/** Temporal's SDK: large and with a native part, so that only who uses it has it. */
export interface TemporalSdk {
  client: typeof import('@temporalio/client');
  worker: typeof import('@temporalio/worker');
  activity: typeof import('@temporalio/activity');
}

/**
 * From beside chp where it is installed there, else the one that hubs get, from the cache or fetched now.
 * @throws ENGINE_UNAVAILABLE, HOST_UNFIT
 */
export async function temporalSdk({ home, progress, signal }: Context): Promise<TemporalSdk> {
  const from = async (load: (name: string) => Promise<unknown>): Promise<TemporalSdk> => {
    const [client, worker, activity] = await Promise.all(
      ['client', 'worker', 'activity'].map((part) => load(`@temporalio/${part}`)),
    );
    return { client, worker, activity } as TemporalSdk;
  };
  try {
    return await from((name) => import(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
  const dir = await progress.step('Temporal’s SDK', (step) => unpackedWorkerTree({ home, progress: step, signal }));
  const require = createRequire(join(dir, 'package.json'));
  return from((name) => import(pathToFileURL(require.resolve(name)).href));
}

/** Where the cluster is and how it is spoken to: the variables of Temporal's own tools. */
export interface TemporalCluster {
  address: string;
  namespace: string;
  apiKey?: string;
  tls?: true | { serverRootCACertificate?: Buffer; clientCertPair?: { crt: Buffer; key: Buffer } };
}

/** @throws BAD_INPUT without TEMPORAL_ADDRESS, or for a file that can't be read */
export async function temporalCluster(env: NodeJS.ProcessEnv): Promise<TemporalCluster> {
  const address = env.TEMPORAL_ADDRESS;
  if (!address)
    throw new ChpError('BAD_INPUT', 'it is not said where Temporal is', {
      next: [
        'TEMPORAL_ADDRESS=host:7233 (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…), as for `temporal`.',
      ],
    });
  const [ca, crt, key] = await Promise.all(
    [env.TEMPORAL_TLS_SERVER_CA_CERT_PATH, env.TEMPORAL_TLS_CLIENT_CERT_PATH, env.TEMPORAL_TLS_CLIENT_KEY_PATH].map(
      (path) => (path ? readPem(path) : undefined),
    ),
  );
  const certificates = {
    ...(ca ? { serverRootCACertificate: ca } : {}),
    ...(crt && key ? { clientCertPair: { crt, key } } : {}),
  };
  const secured = env.TEMPORAL_TLS === 'true' || Boolean(env.TEMPORAL_API_KEY);
  const tls = Object.keys(certificates).length > 0 ? certificates : secured ? (true as const) : undefined;
  return {
    address,
    namespace: env.TEMPORAL_NAMESPACE ?? 'default',
    ...(env.TEMPORAL_API_KEY ? { apiKey: env.TEMPORAL_API_KEY } : {}),
    ...(tls === undefined ? {} : { tls }),
  };
}

function readPem(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: Error) => {
    throw new ChpError('BAD_INPUT', `${path} can't be read`, { why: cause.message, cause });
  });
}

/** @throws ENGINE_UNAVAILABLE when nobody answers there */
export async function connected<T>({ address }: TemporalCluster, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (cause) {
    throw new ChpError('ENGINE_UNAVAILABLE', `Temporal at ${address} does not answer`, {
      why: (cause as Error).message,
      next: ['Check TEMPORAL_ADDRESS, and that the server runs.'],
      cause,
    });
  }
}
