import { type TSchema, Type } from 'typebox';
import type { Risk } from '../schema.ts';
import { instant, oneOf, optional, record, text } from '../types.ts';
import { type ConnectorTable, type Operation, settingsOf } from './operation.ts';

const SWITCHABLE = ['light', 'switch', 'fan', 'humidifier', 'input_boolean', 'media_player', 'siren'];
const entity = (domains: readonly string[], description = 'Entity id.') =>
  Type.String({
    pattern: `^(${domains.join('|')})\\.[a-z0-9_]{1,120}$`,
    description,
    examples: [`${domains[0]}.example`],
  });
const anyEntity = Type.String({ pattern: '^[a-z_]{2,40}\\.[a-z0-9_]{1,120}$', description: 'Entity id.' });

const StateSchema = record({
  device: Type.String({ description: 'Entity id.' }),
  name: Type.String(),
  state: Type.String(),
  attributes: Type.Record(Type.String(), Type.Unknown()),
  changedAt: instant('When the state changed last.'),
});

/** An action on one device. The device’s domain is part of its schema, so that `unlock` reaches locks only. */
const action = (
  summary: string,
  risk: Risk,
  service: string,
  domains: readonly string[],
  more: Record<string, TSchema> = {},
): Operation => ({
  summary,
  args: record({ device: entity(domains), ...more }),
  result: StateSchema,
  risk,
  effect: 'write',
  service,
});

/** What `device.call` can do, by risk: what opens a home to others, or can't be looked at from afar, is high. */
const DEVICE_ACTIONS: Record<string, Operation> = {
  'turn-on': action('Switches on.', 'medium', '*.turn_on', SWITCHABLE, {
    brightness: optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Percent; lights only.' })),
  }),
  'turn-off': action('Switches off.', 'medium', '*.turn_off', SWITCHABLE),
  lock: action('Locks.', 'medium', 'lock.lock', ['lock']),
  unlock: action('Unlocks.', 'high', 'lock.unlock', ['lock']),
  'open-door': action('Opens the latch of a lock.', 'high', 'lock.open', ['lock']),
  'open-cover': action('Opens a garage door, gate, shutter or blind.', 'high', 'cover.open_cover', ['cover']),
  'close-cover': action('Closes a garage door, gate, shutter or blind.', 'medium', 'cover.close_cover', ['cover']),
  'open-valve': action('Opens a valve.', 'high', 'valve.open_valve', ['valve']),
  'close-valve': action('Closes a valve.', 'medium', 'valve.close_valve', ['valve']),
  'arm-alarm': action('Arms an alarm.', 'medium', 'alarm_control_panel.alarm_arm_away', ['alarm_control_panel']),
  'disarm-alarm': action('Disarms an alarm.', 'high', 'alarm_control_panel.alarm_disarm', ['alarm_control_panel']),
  'set-temperature': action('Sets what a thermostat aims at.', 'medium', 'climate.set_temperature', ['climate'], {
    temperature: Type.Number({ minimum: 5, maximum: 32, description: 'In the unit of the home.' }),
  }),
  'press-button': action('Presses a button.', 'high', '*.press', ['button', 'input_button']),
  'activate-scene': action('Activates a scene.', 'high', 'scene.turn_on', ['scene']),
  'run-script': action('Runs a script.', 'high', 'script.turn_on', ['script']),
  'start-vacuum': action('Starts a vacuum cleaner.', 'medium', 'vacuum.start', ['vacuum']),
  say: action('Speaks through a loudspeaker.', 'low', 'tts.speak', ['media_player'], {
    text: text('What is said.', 600),
    engine: entity(['tts'], 'Entity id of the voice.'),
  }),
};

const ItemSchema = record({
  id: Type.String(),
  title: Type.String(),
  done: Type.Boolean(),
  due: Type.Union([instant('When it is due.'), Type.Null()]),
});
const list = entity(['todo'], 'Entity id of the list.');

export const homeAssistant: ConnectorTable = {
  name: 'home-assistant',
  summary: 'Home Assistant: devices, states and lists.',
  secrets: {
    token: { name: 'HOME_ASSISTANT_TOKEN', description: 'Long-lived access token.' },
    code: { name: 'HOME_ASSISTANT_CODE', description: 'Code of locks and alarms that ask for one.', optional: true },
  },
  settings: settingsOf({
    settleSeconds: optional(
      Type.Integer({
        minimum: 0,
        maximum: 120,
        description: 'How long a device may take to its new state; default 20.',
      }),
    ),
  }),
  operations: {
    'get-state': {
      summary: 'State of one entity.',
      args: record({ device: anyEntity }),
      result: StateSchema,
      risk: 'low',
      effect: 'none',
    },
    'list-states': {
      summary: 'States of all entities, or of one domain.',
      args: record({
        domain: optional(Type.String({ pattern: '^[a-z_]{2,40}$', description: 'Such as `binary_sensor`.' })),
      }),
      result: record({ states: Type.Array(StateSchema) }),
      risk: 'low',
      effect: 'none',
    },
    'list-items': {
      summary: 'Items of a list (shopping, chores).',
      args: record({ list, status: optional(oneOf(['open', 'done', 'all'], { default: 'open' })) }),
      result: record({ items: Type.Array(ItemSchema) }),
      risk: 'low',
      effect: 'none',
    },
    'add-item': {
      summary: 'Adds an item to a list.',
      args: record({ list, title: text('The item.', 300), due: optional(instant('When it is due.')) }),
      result: record({ added: Type.Boolean() }),
      risk: 'medium',
      effect: 'write',
    },
    'complete-item': {
      summary: 'Marks an item as done.',
      args: record({ list, item: text('Item, by its id.', 300) }),
      result: record({ completed: Type.Boolean() }),
      risk: 'medium',
      effect: 'write',
    },
    ...DEVICE_ACTIONS,
  },
  events: {
    'state-changed': {
      summary: 'The state of an entity changed.',
      payload: record({
        device: anyEntity,
        name: Type.String(),
        from: Type.Union([Type.String(), Type.Null()]),
        to: Type.Union([Type.String(), Type.Null()]),
        attributes: Type.Record(Type.String(), Type.Unknown()),
        at: instant('When.'),
      }),
    },
  },
};
