import { main, type Provider } from '@pulumi/pulumi/provider/index.js';
import { hubProblems } from '../args/hub.ts';
import { adoptHost } from './adopt.ts';
import { encodeError, HalfDone } from './errors.ts';
import { deleteHost, diffHost, type HostInputs, type HostState, putHost, readHost } from './host.ts';
import { makeIdentity } from './identity.ts';
import { parseHostId } from './import-id.ts';
import { conceal, reveal } from './properties.ts';
import { acceptImports } from './read-request.ts';

const HOST = 'chp:index:Host';
const IDENTITY = 'chp:index:Identity';
const PARENT_CHECK_MS = 500;

const typeOf = (urn: string): string => urn.split('::')[2]?.split('$').at(-1) ?? '';
const idOf = ({ tenant, host }: HostInputs): string => `${tenant}@${host}`;

/** What is thrown reaches the operator whole. */
function guarded<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return (...args) =>
    call(...args).catch((error: unknown) => {
      throw error instanceof HalfDone ? error : encodeError(error);
    });
}

const cancelled = new AbortController();

async function createHost(inputs: HostInputs): Promise<{ id: string; outs: unknown }> {
  let begun = false;
  const begin = () => {
    begun = true;
  };
  try {
    return { id: idOf(inputs), outs: conceal(await putHost(inputs, begin, cancelled.signal)) };
  } catch (error) {
    if (!begun) throw error;
    throw new HalfDone(idOf(inputs), conceal({ ...inputs, drift: ['not finished'] }), error);
  }
}

/** `pulumi-resource-chp`: hosts and identities as Pulumi resources, so that preview, refresh, import and destroy mean the same for a hub as for a cloud. */
const provider: Provider = {
  version: '1.0.0',
  check: async (urn, _old, inputs) => ({
    inputs,
    failures: typeOf(urn) === HOST ? hubProblems(reveal(inputs)) : [],
  }),
  diff: guarded(async (_id, urn, olds, news) => {
    const [old, next] = [reveal(olds), reveal(news)];
    if (typeOf(urn) === HOST) {
      const changed = await diffHost(old as HostState, next as HostInputs);
      return { changes: changed.length > 0 || (old.drift?.length ?? 0) > 0 };
    }
    const replaces = ['rotation', 'tenant'].filter((name) => old[name] !== next[name]);
    return { changes: replaces.length > 0, replaces };
  }),
  create: guarded(async (urn, given) => {
    const inputs = reveal(given);
    if (typeOf(urn) === HOST) return createHost(inputs as HostInputs);
    if (typeOf(urn) !== IDENTITY) throw new Error(`there is no resource ${typeOf(urn)}`);
    const identity = await makeIdentity(inputs.tenant as string);
    return { id: `identity-${inputs.tenant}`, outs: conceal({ ...inputs, ...identity }) };
  }),
  read: guarded(async (id, urn, props) => {
    if (typeOf(urn) !== HOST) return { id, props, inputs: { tenant: props.tenant, rotation: props.rotation } };
    const known = reveal(props) as Partial<HostState>;
    const state = known.tenant
      ? await readHost(known as HostState, cancelled.signal)
      : await adoptHost(parseHostId(id));
    const { drift: _, ...inputs } = state;
    return { id: idOf(state), props: conceal(state), inputs: conceal(inputs) };
  }),
  update: guarded(async (_id, urn, old, next) => ({
    outs:
      typeOf(urn) === HOST
        ? conceal(await putHost(reveal(next) as HostInputs, () => {}, cancelled.signal))
        : { ...old, ...next },
  })),
  delete: guarded(async (_id, urn, props) => {
    if (typeOf(urn) === HOST) await deleteHost(reveal(props) as HostState, cancelled.signal);
  }),
  cancel: async () => cancelled.abort(),
};

// What children of ours have no use for.
delete process.env.PULUMI_CONFIG_PASSPHRASE;
// An engine that was killed can't tell us to end. Not by exit(), which waits for reads that may never return.
const engine = process.ppid;
setInterval(() => process.ppid !== engine && process.kill(process.pid, 'SIGKILL'), PARENT_CHECK_MS).unref();

acceptImports();
await main(provider, process.argv.slice(2));
