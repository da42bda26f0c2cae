/** What an action is to Home Assistant, beyond its row in the table. */
export interface Action {
  /** States that say it is done; none: nothing to wait for. */
  ends?: readonly string[];
  /** Doing it twice is the same as doing it once. */
  idempotent: boolean;
}

const ON_OFF = ['light', 'switch', 'fan', 'humidifier', 'input_boolean', 'siren'];

export const ACTIONS: Readonly<Record<string, Action>> = {
  'turn-on': { ends: ['on'], idempotent: true },
  'turn-off': { ends: ['off'], idempotent: true },
  lock: { ends: ['locked'], idempotent: true },
  unlock: { ends: ['unlocked', 'open'], idempotent: true },
  // Pulls the latch for a moment: each call does it again.
  'open-door': { ends: ['open', 'opening', 'unlocked'], idempotent: false },
  'open-cover': { ends: ['open', 'opening'], idempotent: true },
  'close-cover': { ends: ['closed', 'closing'], idempotent: true },
  'open-valve': { ends: ['open', 'opening'], idempotent: true },
  'close-valve': { ends: ['closed', 'closing'], idempotent: true },
  'arm-alarm': { ends: ['armed_away', 'arming'], idempotent: true },
  'disarm-alarm': { ends: ['disarmed'], idempotent: true },
  'set-temperature': { idempotent: true },
  'press-button': { idempotent: false },
  'activate-scene': { idempotent: true },
  'run-script': { idempotent: false },
  'start-vacuum': { idempotent: true },
  say: { idempotent: false },
};

/** States to wait for; a media player that is on is `idle`, `playing`… */
export function endsOf(action: string, domain: string): readonly string[] {
  const { ends = [] } = ACTIONS[action] ?? {};
  return action.startsWith('turn-') && !ON_OFF.includes(domain) ? [] : ends;
}

/** Fields of a service by our arguments. `code`: where locks and alarms ask for one. */
export function serviceData(action: string, args: Record<string, unknown>, code: string | undefined) {
  const { device, engine, text, brightness, ...more } = args;
  if (action === 'say') return { media_player_entity_id: device, message: text };
  return {
    ...more,
    ...(brightness === undefined ? {} : { brightness_pct: brightness }),
    ...(code !== undefined && /^(lock|unlock|open-door|arm-alarm|disarm-alarm)$/.test(action) ? { code } : {}),
  };
}
