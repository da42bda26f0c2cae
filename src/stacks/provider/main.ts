import { main, type Provider } from '@pulumi/pulumi/provider/index.js';
import { encodeError } from './errors.ts';
import { deleteHost, diffHost, type HostInputs, type HostState, putHost, readHost } from './host.ts';
import { IDENTITY_SECRETS, makeIdentity } from './identity.ts';

const HOST = 'chp:index:Host';
const IDENTITY = 'chp:index:Identity';

/** How a secret looks on the wire (Pulumi's "secret" signature, sdk/go/common/resource/properties.go). */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const IS_SECRET = '1b47061264138c4ac30d75fd1eb44270';

/** The engine hands secrets over wrapped. */
function reveal<T>(properties: T): T {
  return Object.fromEntries(
    Object.entries(properties as Record<string, unknown>).map(([name, value]) => {
      const wrapped = value as Record<string, unknown> | null;
      return [name, typeof value === 'object' && wrapped?.[SIGNATURE] === IS_SECRET ? wrapped.value : value];
    }),
  ) as T;
}

/** What must be encrypted in the state goes back wrapped, in inputs as in outputs. */
function conceal(properties: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      SECRETS.has(name) && typeof value === 'string' ? { [SIGNATURE]: IS_SECRET, value } : value,
    ]),
  );
}

const SECRETS: ReadonlySet<string> = new Set(IDENTITY_SECRETS);

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
  diff: guarded(async (_id, urn, olds, news) => {
    const [old, next] = [reveal(olds), reveal(news)];
    if (typeOf(urn) === HOST) return diffHost(old as HostState, next as HostInputs);
    const replaces = ['rotation', 'tenant'].filter((name) => old[name] !== next[name]);
    return { changes: replaces.length > 0, replaces };
  }),
  create: guarded(async (urn, given) => {
    const inputs = reveal(given);
    if (typeOf(urn) === HOST)
      return { id: `${inputs.tenant}@${inputs.host}`, outs: conceal(await putHost(inputs as HostInputs)) };
    if (typeOf(urn) === IDENTITY)
      return {
        id: `identity-${inputs.tenant}`,
        outs: conceal({ ...inputs, ...(await makeIdentity(inputs.tenant as string)) }),
      };
    throw new Error(`unknown resource ${typeOf(urn)}`);
  }),
  read: guarded(async (id, urn, props) => {
    if (typeOf(urn) !== HOST) return { id, props, inputs: { tenant: props.tenant, rotation: props.rotation } };
    const state = await readHost(reveal(props) as HostState);
    const { drift: _, ...inputs } = state;
    return { id, props: conceal(state), inputs: conceal(inputs) };
  }),
  update: guarded(async (_id, urn, old, next) => ({
    outs: typeOf(urn) === HOST ? conceal(await putHost(reveal(next) as HostInputs)) : { ...old, ...next },
  })),
  delete: guarded(async (_id, urn, props) => {
    if (typeOf(urn) === HOST) await deleteHost(reveal(props) as HostState);
  }),
};

await main(provider, process.argv.slice(2));
