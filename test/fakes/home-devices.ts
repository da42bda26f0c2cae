import { randomUUID } from 'node:crypto';

export interface HomeState {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
  last_changed: string;
  last_updated: string;
  context: { id: string; parent_id: null; user_id: null };
}

export interface TodoItem {
  uid: string;
  summary: string;
  status: 'needs_action' | 'completed';
  due?: string;
}

/** A device at the begin; `settles`: how long it takes to its new state (ms), `stuck`: it stays, `jams`: locks jam. */
export interface Device {
  entity_id: string;
  state: string;
  attributes?: Record<string, unknown>;
  behaviour?: { settlesMs?: number; stuck?: boolean; jams?: boolean; code?: string };
  items?: TodoItem[];
}

/** What Home Assistant says when a service can't be called so. */
export class ServiceError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Change = (from: HomeState | null, to: HomeState | null) => void;
type Service = { to?: string; slow?: string; required?: string[]; optional?: string[] };

const code = { optional: ['code'] };
const ON_OFF: Record<string, Service> = { turn_on: { to: 'on' }, turn_off: { to: 'off' } };
/** `domain.service` → the state that it leads to, and the fields that it knows. */
const SERVICES: Record<string, Record<string, Service>> = {
  light: { turn_on: { to: 'on', optional: ['brightness_pct'] }, turn_off: { to: 'off' } },
  switch: ON_OFF,
  fan: ON_OFF,
  media_player: { turn_on: { to: 'idle' }, turn_off: { to: 'off' } },
  lock: { lock: { to: 'locked', ...code }, unlock: { to: 'unlocked', ...code }, open: { to: 'open', ...code } },
  cover: { open_cover: { to: 'open', slow: 'opening' }, close_cover: { to: 'closed', slow: 'closing' } },
  valve: { open_valve: { to: 'open', slow: 'opening' }, close_valve: { to: 'closed', slow: 'closing' } },
  alarm_control_panel: {
    alarm_arm_away: { to: 'armed_away', slow: 'arming', ...code },
    alarm_disarm: { to: 'disarmed', ...code },
  },
  climate: { set_temperature: { required: ['temperature'] } },
  button: { press: {} },
  scene: { turn_on: {} },
  script: { turn_on: {} },
  vacuum: { start: { to: 'cleaning' } },
  tts: { speak: { required: ['media_player_entity_id', 'message'] } },
  todo: {
    get_items: { optional: ['status'] },
    add_item: { required: ['item'], optional: ['due_date', 'due_datetime'] },
    update_item: { required: ['item'], optional: ['status'] },
  },
};

/** The home behind the API: entities, what services do with them, and who is told. */
export class Home {
  readonly states = new Map<string, HomeState>();
  /** Every service call that was carried out. */
  readonly calls: { service: string; entity: string; data: Record<string, unknown> }[] = [];
  readonly #devices = new Map<string, Device>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #change: Change;

  constructor(devices: readonly Device[], change: Change) {
    this.#change = change;
    for (const device of devices) {
      this.#devices.set(device.entity_id, device);
      this.#put(device.entity_id, device.state, device.attributes ?? {});
    }
  }

  /** As if somebody did it by hand. */
  set(entity: string, state: string, attributes = this.states.get(entity)?.attributes ?? {}): void {
    const from = this.states.get(entity) ?? null;
    this.#change(from, this.#put(entity, state, attributes));
  }

  /** @throws ServiceError. Entities that do not exist, or can't be reached, are passed over in silence, as there. */
  call(domain: string, service: string, entity: string | undefined, data: Record<string, unknown>, answers: boolean) {
    const row = SERVICES[domain]?.[service];
    if (!row) throw new ServiceError('not_found', `Service ${domain}.${service} not found.`);
    const known = [...(row.required ?? []), ...(row.optional ?? [])];
    const extra = Object.keys(data).find((field) => !known.includes(field));
    if (extra) throw new ServiceError('invalid_format', `extra keys not allowed @ data['${extra}']`);
    const missing = row.required?.find((field) => data[field] === undefined);
    if (missing) throw new ServiceError('invalid_format', `required key not provided @ data['${missing}']`);
    if (entity === undefined)
      throw new ServiceError('invalid_format', 'must contain at least one of entity_id, device_id, area_id.');
    if (answers && service !== 'get_items')
      throw new ServiceError(
        'service_validation_error',
        "Validation error: An action which does not return responses can't be called with return_response=true",
      );
    const device = this.#devices.get(entity);
    const before = this.states.get(entity);
    if (!device || !before || !entity.startsWith(`${domain}.`)) return answers ? {} : null;
    if (before.state === 'unavailable') return answers ? {} : null;
    if (device.behaviour?.code !== undefined && known.includes('code') && data.code !== device.behaviour.code)
      throw new ServiceError('service_validation_error', `Validation error: The code for ${entity} doesn't match`);
    if (domain === 'todo') return { [entity]: this.#todo(device, service, data) };
    this.calls.push({ service: `${domain}.${service}`, entity, data });
    this.#move(device, row);
    return null;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #move(device: Device, { to, slow }: Service): void {
    const { settlesMs = 0, stuck, jams } = device.behaviour ?? {};
    if (to === undefined || stuck) return;
    const target = jams && device.entity_id.startsWith('lock.') ? 'jammed' : to;
    if (settlesMs > 0 && slow) this.set(device.entity_id, slow);
    if (settlesMs > 0) this.#timers.add(setTimeout(() => this.set(device.entity_id, target), settlesMs));
    else this.set(device.entity_id, target);
  }

  #todo(device: Device, service: string, data: Record<string, unknown>): { items: TodoItem[] } {
    device.items ??= [];
    if (service === 'add_item') {
      const due = (data.due_date ?? data.due_datetime) as string | undefined;
      device.items.push({
        uid: randomUUID(),
        summary: String(data.item),
        status: 'needs_action',
        ...(due === undefined ? {} : { due }),
      });
    }
    if (service === 'update_item') {
      const item = device.items.find(({ uid, summary }) => uid === data.item || summary === data.item);
      if (!item)
        throw new ServiceError(
          'service_validation_error',
          `Validation error: Unable to find to-do list item: ${data.item}`,
        );
      if (data.status) item.status = data.status as TodoItem['status'];
    }
    const wanted = (data.status ?? ['needs_action', 'completed']) as string[];
    return { items: service === 'get_items' ? device.items.filter(({ status }) => wanted.includes(status)) : [] };
  }

  #put(entity_id: string, state: string, attributes: Record<string, unknown>): HomeState {
    const now = new Date().toISOString().replace('Z', '123+00:00');
    const context = { id: randomUUID().replaceAll('-', '').slice(0, 26).toUpperCase(), parent_id: null, user_id: null };
    const next: HomeState = { entity_id, state, attributes, last_changed: now, last_updated: now, context };
    this.states.set(entity_id, next);
    return next;
  }
}
