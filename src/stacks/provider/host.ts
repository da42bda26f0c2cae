import { openTransport } from '../../adapters/transports.ts';
import type { Transport } from '../../core/ports/transport.ts';
import type { DesiredBase } from '../../playbooks/host-base/desired.ts';
import { convergeBase, readBase, removeBase } from '../../playbooks/host-base/flow.ts';
import { checkHubArgs, type HubArgs } from '../args/hub.ts';

/** Inputs of the Host resource: the stack's, and the parts of the identity that the host keeps. */
export interface HostInputs extends HubArgs {
  ageIdentity: string;
  signingPublicKey: string;
}

/** State of the Host resource. */
export interface HostState extends HostInputs {
  /** What refresh found changed on the host; empty when all is as it should be. */
  drift: string[];
}

/** What is compared: paths on the operator's machine are not. */
const COMPARED = [
  'host',
  'root',
  'tenant',
  'manager',
  'nodeDigest',
  'agentDigest',
  'firewallPorts',
  'packages',
  'ageIdentity',
  'signingPublicKey',
] as const satisfies readonly (keyof HostInputs)[];
/** A change of these makes another host of it. */
const REPLACING: readonly string[] = ['host', 'root', 'tenant', 'manager'];

export function diffHost(
  old: HostState,
  next: HostInputs,
): { changes: boolean; replaces: string[]; deleteBeforeReplace: boolean } {
  const changed = COMPARED.filter((key) => JSON.stringify(old[key] ?? null) !== JSON.stringify(next[key] ?? null));
  return {
    changes: changed.length > 0 || (old.drift?.length ?? 0) > 0,
    replaces: changed.filter((key) => REPLACING.includes(key)),
    deleteBeforeReplace: true,
  };
}

export async function putHost(inputs: HostInputs): Promise<HostState> {
  checkHubArgs(inputs);
  await overTransport(inputs, (transport) => convergeBase(transport, desiredBase(inputs)));
  return { ...inputs, drift: [] };
}

export async function readHost(state: HostState): Promise<HostState> {
  return { ...state, drift: await overTransport(state, (transport) => readBase(transport, desiredBase(state))) };
}

export async function deleteHost(state: HostState): Promise<void> {
  await overTransport(state, (transport) => removeBase(transport, state));
}

function desiredBase(inputs: HostInputs): DesiredBase {
  return {
    root: inputs.root,
    tenant: inputs.tenant,
    manager: inputs.manager,
    node: { digest: inputs.nodeDigest, archive: inputs.nodeArchive },
    agent: { digest: inputs.agentDigest, path: inputs.agentPath },
    ageIdentity: inputs.ageIdentity,
    signingPublicKey: inputs.signingPublicKey,
    firewallPorts: inputs.firewallPorts ?? null,
    packages: inputs.packages ?? [],
  };
}

async function overTransport<T>(
  inputs: Pick<HostInputs, 'host'>,
  work: (transport: Transport) => Promise<T>,
): Promise<T> {
  const transport = await openTransport(inputs.host, {});
  try {
    return await work(transport);
  } finally {
    await transport.close();
  }
}
