import { readFileSync } from 'node:fs';
import type { ServiceManager } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { hostLayout } from '../../core/host-layout.ts';

/** What this host is: written once by the bootstrap. */
export interface Host {
  schema: 1;
  root: string;
  manager: ServiceManager;
  nodeTree: Digest;
}

/** @throws ChpError AGENT_FAILED where the host was not bootstrapped */
export function readHost(root: string): Host {
  try {
    const host = JSON.parse(readFileSync(hostLayout(root).hostFile, 'utf8')) as Host;
    if (host.schema !== 1 || host.root !== root) throw new Error('written for another place or by another chp');
    return host;
  } catch (cause) {
    throw new ChpError('AGENT_FAILED', `${hostLayout(root).hostFile} is missing or damaged`, {
      why: (cause as Error).message,
      next: ['chp tenant apply puts it back.'],
      cause,
    });
  }
}
