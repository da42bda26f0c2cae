import { setTimeout as sleep } from 'node:timers/promises';
import { failure, failureOf, request } from '../../../core/http.ts';

const SERVICE = 'Home Assistant';
const POLL_MS = { first: 200, most: 2_000 };
/** Attributes that let whoever has them look through a camera or see a picture without signing in. */
const PRIVATE_ATTRIBUTES = ['access_token', 'entity_picture', 'entity_picture_local'];

export interface DeviceState {
  device: string;
  name: string;
  state: string;
  attributes: Record<string, unknown>;
  changedAt: string;
}

export interface RawState {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
  last_changed: string;
}

/** The REST part of Home Assistant's API: what is. */
export class HomeStates {
  readonly #base: string;
  readonly #token: string;

  constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  /** @throws VerbFailure `not-found` */
  async of(device: string, signal: AbortSignal): Promise<DeviceState> {
    return stateOf((await this.get(`/api/states/${device}`, signal)) as RawState);
  }

  async all(signal: AbortSignal): Promise<DeviceState[]> {
    return ((await this.get('/api/states', signal)) as RawState[]).map(stateOf);
  }

  /** Reads until the device is in one of `states`; what it was last when that takes longer than `withinMs`. */
  async reached(
    device: string,
    states: readonly string[],
    withinMs: number,
    signal: AbortSignal,
  ): Promise<DeviceState> {
    const deadline = Date.now() + withinMs;
    for (let wait = POLL_MS.first; ; wait = Math.min(wait * 2, POLL_MS.most)) {
      const now = await this.of(device, signal);
      if (states.includes(now.state) || now.state === 'jammed' || Date.now() + wait > deadline) return now;
      await sleep(wait, undefined, { signal }).catch(() => {
        throw failure('unavailable', `${device} was still ${now.state} when the time was over`);
      });
    }
  }

  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const call = { service: SERVICE, headers: { authorization: `Bearer ${this.#token}` }, signal };
    const answer = await request(this.#base + path, call);
    const said = String(answer.json?.message ?? '');
    if (answer.status === 404) throw failure('not-found', `${SERVICE} has no ${path.split('/').at(-1)}`);
    if (answer.status !== 200) throw failureOf(call, answer, said);
    if (answer.json === null) throw failure('unavailable', `${SERVICE} answered no JSON`);
    return answer.json;
  }
}

export function stateOf({ entity_id: device, state, attributes, last_changed: changed }: RawState): DeviceState {
  return {
    device,
    name: String(attributes.friendly_name ?? device),
    state,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !PRIVATE_ATTRIBUTES.includes(name))),
    changedAt: secondsOf(changed),
  };
}

/** Without fractions: those have more digits than others take. */
export const secondsOf = (time: string): string => time.replace(/\.\d+/, '');
