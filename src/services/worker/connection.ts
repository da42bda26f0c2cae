import type { ConnectionOptions } from '@temporalio/client';
import proto from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { ChpError } from '../../core/errors.ts';
import { TENANT_ATTRIBUTE } from '../../core/temporal-server.ts';
import type { WorkerConfig } from '../../core/worker-protocol.ts';
import { log } from './log.ts';
import type { Secrets } from './secrets.ts';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;
const RETRY_MS = 1_000;

type Tls = Extract<ConnectionOptions['tls'], object>;

/** A connection to the Temporal server, as soon as one is there. @throws when `signal` is aborted */
export async function connectTemporal(
  { address, tls, apiKeySecret }: WorkerConfig['temporal'],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<NativeConnection> {
  const apiKey = secrets.optional(apiKeySecret);
  const options = {
    address,
    ...(tls || apiKey ? { tls: tls ? tlsOptions(tls, secrets) : true } : {}),
    ...(apiKey ? { apiKey } : {}),
  };
  for (let said = false; ; said = true) {
    signal.throwIfAborted();
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (!said) log('warn', 'temporal-unreachable', { address, error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function tlsOptions(tls: NonNullable<WorkerConfig['temporal']['tls']>, secrets: Secrets): Tls {
  const bytes = (name: string | undefined) => {
    const value = secrets.optional(name);
    return value === undefined ? undefined : Buffer.from(value);
  };
  const [ca, crt, key] = [bytes(tls.ca), bytes(tls.cert), bytes(tls.key)];
  return {
    ...(tls.serverName ? { serverNameOverride: tls.serverName } : {}),
    ...(ca ? { serverRootCACertificate: ca } : {}),
    ...(crt && key ? { clientCertPair: { crt, key } } : {}),
  };
}

/**
 * Registers the search attribute where the namespace lacks it. Whether it is there, a query tells: Temporal Cloud keeps its
 * list of them to itself.
 * @throws HOST_UNFIT where that is the cluster's admin's
 */
export async function ensureSearchAttribute(connection: NativeConnection, namespace: string): Promise<void> {
  const { operatorService, workflowService } = connection;
  try {
    await workflowService.countWorkflowExecutions({ namespace, query: `${TENANT_ATTRIBUTE} = 'anybody'` });
    return;
  } catch (error) {
    if ((error as { code?: number }).code !== INVALID_ARGUMENT) throw error;
  }
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes: { [TENANT_ATTRIBUTE]: KEYWORD } });
  } catch (error) {
    if ((error as { code?: number }).code === ALREADY_EXISTS) return;
    throw new ChpError(
      'HOST_UNFIT',
      `the Temporal namespace ${namespace} lacks the search attribute ${TENANT_ATTRIBUTE}`,
      {
        why: (error as Error).message,
        next: [
          `temporal operator search-attribute create --namespace ${namespace} --name ${TENANT_ATTRIBUTE} --type Keyword`,
        ],
        cause: error,
      },
    );
  }
}
