import { failure } from '../../../core/http.ts';
import type { CallOptions, Connector, ConnectorEvent } from '../../../core/ports/automation.ts';
import { DEVICE_ACTIONS } from '../../../packs/connectors/index.ts';
import { baseUrl, type Setup } from '../config.ts';
import { type Args, connectorOf } from '../connector.ts';
import { ACTIONS, endsOf, serviceData } from './actions.ts';
import { itemsOf, itemsQuery, newItem } from './lists.ts';
import { HomeSocket } from './socket.ts';
import { HomeStates, type RawState, secondsOf, stateOf } from './states.ts';

const NAME = 'home-assistant';
const PER_MINUTE = 600;
const SETTLE_SECONDS = 20;

/** States are read over REST; services are called over the WebSocket, which says why it refuses. */
export function homeAssistant(setup: Setup): Connector {
  const { token = '', code } = setup.secrets;
  const base = baseUrl(setup, '');
  const states = new HomeStates(base, token);
  const socket = new HomeSocket(`${base.replace(/^http/, 'ws')}/api/websocket`, token, setup.warn);
  const settleMs = Number(setup.settings.settleSeconds ?? SETTLE_SECONDS) * 1000;

  const callService = async (
    service: string,
    target: string,
    data: Args,
    { signal, once, answers }: { signal: AbortSignal; once: boolean; answers?: boolean },
  ) => {
    const [domain, name] = service.split('.');
    const command = { type: 'call_service', domain, service: name, service_data: data, target: { entity_id: target } };
    return socket.command({ ...command, ...(answers ? { return_response: true } : {}) }, signal, once);
  };

  /** Home Assistant says yes to entities that it does not have or can't reach, so they are looked at first. */
  const present = async (device: string, signal: AbortSignal) => {
    const before = await states.of(device, signal);
    if (before.state === 'unavailable') throw failure('unavailable', `${before.name} can't be reached at present`);
    return before;
  };

  const act =
    (action: string) =>
    async (args: Args & { device: string }, { signal }: CallOptions) => {
      const { device } = args;
      const before = await present(device, signal);
      const domain = device.slice(0, device.indexOf('.'));
      const service = (DEVICE_ACTIONS[action]?.service ?? '').replace('*', domain);
      const target = action === 'say' ? String(args.engine) : device;
      const once = !ACTIONS[action]?.idempotent;
      const ends = endsOf(action, domain);
      // A worker that died in the middle of it comes back to a device that is there already: it is not moved again.
      const plain = Object.keys(args).length === 1 && before.attributes.assumed_state !== true;
      if (!once && plain && ends.includes(before.state)) return before;
      await callService(service, target, serviceData(action, args, code), { signal, once });
      // From here on it is done: what can't be done twice may not fail in a way that is tried again.
      const read = states.reached(device, ends, ends.length > 0 ? settleMs : 0, signal);
      const after = await read.catch(once && ends.length === 0 ? () => before : unsure(once));
      if (ends.length === 0 || ends.includes(after.state)) return after;
      if (after.state === 'jammed') throw failure('refused', `${after.name} is jammed`);
      const still = `${after.name} is still ${after.state} after ${settleMs / 1000} s`;
      throw failure(once ? 'in-doubt' : 'unavailable', still);
    };

  const list =
    (once: boolean, service: string, dataOf: (args: never) => Args, result: Args) =>
    async (args: Args & { list: string }, { signal }: CallOptions) => {
      await present(args.list, signal);
      await callService(service, args.list, dataOf(args as never), { signal, once });
      return result;
    };

  return connectorOf(
    NAME,
    {
      idempotent: new Set(['complete-item', ...Object.keys(ACTIONS).filter((action) => ACTIONS[action]?.idempotent)]),
      operations: {
        'get-state': ({ device }: { device: string }, { signal }) => states.of(device, signal),
        'list-states': async ({ domain }: { domain?: string }, { signal }) => ({
          states: (await states.all(signal)).filter(({ device }) => !domain || device.startsWith(`${domain}.`)),
        }),
        'list-items': async (args: { list: string; status: 'open' | 'done' | 'all' }, { signal }) => {
          await present(args.list, signal);
          const how = { signal, once: false, answers: true };
          const result = await callService('todo.get_items', args.list, itemsQuery(args.status), how);
          return { items: itemsOf((result as { response?: unknown })?.response, args.list) };
        },
        'add-item': list(
          true,
          'todo.add_item',
          ({ title, due }: { title: string; due?: string }) => newItem(title, due),
          { added: true },
        ),
        'complete-item': list(
          false,
          'todo.update_item',
          ({ item }: { item: string }) => ({ item, status: 'completed' }),
          { completed: true },
        ),
        ...Object.fromEntries(Object.keys(DEVICE_ACTIONS).map((action) => [action, act(action)])),
      },
      async check(signal) {
        const { version, location_name: home } = (await states.get('/api/config', signal)) as Record<string, unknown>;
        await socket.command({ type: 'ping' }, signal);
        return `Home Assistant ${String(version)} of ${String(home)}`;
      },
      subscribe(type, handler) {
        if (type !== 'state-changed') {
          setup.warn(`there is no event "${type}"`);
          return () => {};
        }
        return socket.listen('state_changed', ({ data, time_fired: at, context }) => {
          const event = changeOf(data, at);
          if (event) handler({ type, payload: event, id: context.id + event.device });
        });
      },
      close: () => socket.close(),
    },
    Number(setup.settings.perMinute ?? PER_MINUTE),
  );
}

const unsure = (once: boolean) => (error: Error) => {
  throw once ? failure('in-doubt', error.message) : error;
};

/** null when only attributes changed. */
function changeOf(data: Record<string, unknown>, at: string): (ConnectorEvent['payload'] & { device: string }) | null {
  const [from, to] = [data.old_state, data.new_state].map((raw) => (raw ? stateOf(raw as RawState) : null));
  const now = to ?? from;
  if (!now || from?.state === to?.state) return null;
  return {
    device: now.device,
    name: now.name,
    from: from?.state ?? null,
    to: to?.state ?? null,
    attributes: now.attributes,
    at: secondsOf(at),
  };
}
