import { openTransport } from '../../adapters/transports.ts';
import { ChpError } from '../../core/errors.ts';
import { needsRoot, tenantLayout } from '../../core/host-layout.ts';
import type { Transport } from '../../core/ports/transport.ts';
import type { DesiredBase } from '../../playbooks/host-base/desired.ts';
import { convergeBase, readBase } from '../../playbooks/host-base/flow.ts';
import { removeBase } from '../../playbooks/host-base/remove.ts';
import type { HubArgs } from '../args/hub.ts';

/** Inputs of the Host resource: the stack's, and the parts of the identity that the host keeps. */
export interface HostInputs extends HubArgs {
  ageIdentity: string;
  signingPublicKey: string;
}

/** State of the Host resource. */
export interface HostState extends HostInputs {
  /** What was found to differ on the host; empty when all is as it should be. */
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
  'configWritable',
  'baseImage',
  'ageIdentity',
  'signingPublicKey',
] as const satisfies readonly (keyof HostInputs)[];

/** Pulumi would answer a change of these by removing the old host's base, and the family's data with it. */
const FIXED = ['root', 'tenant', 'manager'] as const satisfies readonly (keyof HostInputs)[];

/**
 * Names of inputs that changed. Another address is fine where the same installation answers at it.
 * @throws CONFLICT on what can't be changed without losing what the tenant has stored
 */
export async function diffHost(old: HostState, next: HostInputs): Promise<string[]> {
  const changed = COMPARED.filter((key) => JSON.stringify(old[key] ?? null) !== JSON.stringify(next[key] ?? null));
  const fixed = FIXED.find((key) => changed.includes(key));
  if (fixed) throw refused(next.tenant, `its ${fixed} was ${old[fixed]} and would become ${next[fixed]}`);
  if (changed.includes('host') && !(await isSameHost(old, next)))
    throw refused(next.tenant, `it is on ${old.host}, and ${next.host} is not the same machine`);
  return changed;
}

function refused(tenant: string, why: string): ChpError {
  return new ChpError('CONFLICT', `${tenant} can't be moved`, {
    why: `${why[0]?.toUpperCase()}${why.slice(1)}: what the tenant has stored would be lost.`,
    next: ['Set it back as it was.', `Or start anew: chp tenant destroy ${tenant}, then create it on the other host.`],
  });
}

/** The tenant's public key lies where it should. */
async function isSameHost(old: HostState, next: HostInputs): Promise<boolean> {
  const { keys } = tenantLayout(next.root, next.tenant);
  const { code, stdout } = await overTransport(next, (transport) =>
    transport.exec(['cat', `${keys}/signing.pub`], { root: needsRoot(next.manager) }),
  );
  return code === 0 && stdout.trim() === old.signingPublicKey.trim();
}

/** Brings the host in line. */
export async function putHost(inputs: HostInputs, begun: () => void, signal: AbortSignal): Promise<HostState> {
  const work = (transport: Transport) => {
    begun();
    return convergeBase(transport, desiredBase(inputs));
  };
  await overTransport(inputs, work, signal);
  return { ...inputs, drift: [] };
}

/** Looks at the host: what of the state is not so there. */
export async function readHost(state: HostState, signal: AbortSignal): Promise<HostState> {
  const read = (transport: Transport) => readBase(transport, desiredBase(state));
  return { ...state, drift: await overTransport(state, read, signal) };
}

/** Removes the host's base. May be called again after any failure. */
export async function deleteHost(
  state: Pick<HostState, 'host' | 'root' | 'tenant' | 'manager'>,
  signal?: AbortSignal,
  env?: NodeJS.ProcessEnv,
): Promise<void> {
  await overTransport(state, (transport) => removeBase(transport, state), signal, env);
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
    configWritable: inputs.configWritable ?? false,
    baseImage: inputs.baseImage ?? false,
  };
}

/** `signal` cuts what runs on the host. */
export async function overTransport<T>(
  { host }: Pick<HostInputs, 'host'>,
  work: (transport: Transport) => Promise<T>,
  signal?: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<T> {
  await using closing = new AsyncDisposableStack();
  const transport = await openTransport(host, { env });
  closing.defer(() => transport.close());
  if (!signal) return await work(transport);
  return await work({
    target: transport.target,
    exec: (argv, options) => transport.exec(argv, { ...options, signal }),
    open: (argv, options) => transport.open(argv, { ...options, signal }),
    close: () => transport.close(),
  });
}
