import { main, type Provider } from '@pulumi/pulumi/provider/index.js';
import { encodeError } from './errors.ts';
import { deleteHost, diffHost, type HostInputs, type HostState, putHost, readHost } from './host.ts';
import { makeIdentity } from './identity.ts';

const HOST = 'chp:index:Host';
const IDENTITY = 'chp:index:Identity';

const typeOf = (urn: string): string => urn.split('::')[2]?.split('$').at(-1) ?? '';

/** Every call by resource type; what is thrown reaches the operator whole. */
function guarded<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return (...args) =>
    call(...args).catch((error: unknown) => {
      throw encodeError(error);
    });
}

/** `pulumi-resource-chp`: hosts and identities as Pulumi resources, so that preview, refresh, import and destroy mean the same for a hub as for a cloud. */
const provider: Provider = {
  version: '1.0.0',
  check: async (_urn, _old, inputs) => ({ inputs }),
  diff: guarded(async (_id, urn, old, next) => {
    if (typeOf(urn) === HOST) return diffHost(old as HostState, next as HostInputs);
    const rotated = old.rotation !== next.rotation;
    return { changes: rotated || old.tenant !== next.tenant, replaces: rotated ? ['rotation'] : old.tenant !== next.tenant ? ['tenant'] : [] };
  }),
  create: guarded(async (urn, inputs) => {
    if (typeOf(urn) === HOST) return { id: `${inputs.tenant}@${inputs.host}`, outs: await putHost(inputs as HostInputs) };
    if (typeOf(urn) === IDENTITY) return { id: `identity-${inputs.tenant}`, outs: { ...inputs, ...(await makeIdentity(inputs.tenant as string)) } };
    throw new Error(`unknown resource ${typeOf(urn)}`);
  }),
  read: guarded(async (id, urn, props) => {
    if (typeOf(urn) !== HOST) return { id, props, inputs: { tenant: props.tenant, rotation: props.rotation } };
    const state = await readHost(props as HostState);
    const { drift: _, ...inputs } = state;
    return { id, props: state, inputs };
  }),
  update: guarded(async (_id, urn, old, next) => ({ outs: typeOf(urn) === HOST ? await putHost(next as HostInputs) : { ...old, ...next } })),
  delete: guarded(async (_id, urn, props) => {
    if (typeOf(urn) === HOST) await deleteHost(props as HostState);
  }),
};

await main(provider, process.argv.slice(2));
