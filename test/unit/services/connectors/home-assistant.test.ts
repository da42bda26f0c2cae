import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connector, ConnectorEvent } from '../../../../src/core/ports/automation.ts';
import { DEVICE_ACTIONS } from '../../../../src/packs/connectors/index.ts';
import { ACTIONS } from '../../../../src/services/connectors/home-assistant/actions.ts';
import { homeAssistant } from '../../../../src/services/connectors/home-assistant/index.ts';
import { type FakeHome, startHomeAssistant } from '../../../fakes/home-assistant.ts';
import { failureOf, options, setupOf } from './support.ts';

const TOKEN = 'home-token-1';
const devices = () => [
  { entity_id: 'lock.front', state: 'locked', attributes: { friendly_name: 'Front door' } },
  { entity_id: 'lock.back', state: 'locked', behaviour: { code: '4711' } },
  { entity_id: 'lock.shed', state: 'locked', behaviour: { jams: true } },
  { entity_id: 'lock.cellar', state: 'locked', behaviour: { stuck: true } },
  { entity_id: 'lock.gone', state: 'unavailable' },
  { entity_id: 'cover.garage', state: 'closed', behaviour: { settlesMs: 30 } },
  { entity_id: 'light.hall', state: 'off' },
  { entity_id: 'light.garden', state: 'on', attributes: { assumed_state: true } },
  { entity_id: 'media_player.kitchen', state: 'off' },
  { entity_id: 'alarm_control_panel.home', state: 'armed_away', behaviour: { code: '4711' } },
  { entity_id: 'climate.bath', state: 'heat' },
  { entity_id: 'script.evening', state: 'off' },
  { entity_id: 'button.bell', state: 'unknown' },
  {
    entity_id: 'camera.yard',
    state: 'idle',
    attributes: { access_token: 'look-in', entity_picture: '/x?token=look-in', brand: 'B' },
  },
  { entity_id: 'todo.shopping', state: '1', items: [{ uid: 'i1', summary: 'Milk', status: 'needs_action' as const }] },
];

let home: FakeHome;
let it: Connector;
let warnings: string[];
const connector = (more: Parameters<typeof setupOf>[0] = {}) =>
  homeAssistant(
    setupOf({
      url: home.url,
      secrets: { token: TOKEN },
      settings: { settleSeconds: 1 },
      warn: (text) => warnings.push(text),
      ...more,
    }),
  );
const act = (operation: string, args: Record<string, unknown>, key?: string) =>
  it.call(operation, args, options(key)) as any;

beforeEach(async () => {
  warnings = [];
  home = await startHomeAssistant({ token: TOKEN, devices: devices() });
  it = connector();
});
afterEach(async () => {
  await it.close?.();
  await home.close();
});

describe('what is', () => {
  test('one state, without what lets others look through a camera', async () => {
    expect(await act('get-state', { device: 'lock.front' })).toEqual({
      device: 'lock.front',
      name: 'Front door',
      state: 'locked',
      attributes: { friendly_name: 'Front door' },
      changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
    });
    expect(JSON.stringify(await act('get-state', { device: 'camera.yard' }))).not.toContain('look-in');
    expect(await failureOf(act('get-state', { device: 'lock.nowhere' }))).toMatchObject({ kind: 'not-found' });
  });

  test('all, or those of a domain', async () => {
    expect((await act('list-states', {})).states).toHaveLength(devices().length);
    expect((await act('list-states', { domain: 'lock' })).states).toHaveLength(5);
  });

  test('check signs in by both ways', async () => {
    expect(await it.check(options().signal)).toEqual({ ok: true, detail: 'Home Assistant 2026.11.1 of Home' });
    const wrong = connector({ secrets: { token: 'wrong-token' } });
    expect(await wrong.check(options().signal)).toMatchObject({ ok: false, detail: expect.stringContaining('401') });
    await wrong.close?.();
  });
});

describe('actions', () => {
  test('every action of the table is known here, too', () => {
    expect(Object.keys(ACTIONS).sort()).toEqual(Object.keys(DEVICE_ACTIONS).sort());
  });

  test('unlocking ends when the lock is open', async () => {
    expect(await act('unlock', { device: 'lock.front' })).toMatchObject({ device: 'lock.front', state: 'unlocked' });
    expect(home.calls).toEqual([{ service: 'lock.unlock', entity: 'lock.front', data: {} }]);
  });

  test('a slow door is on its way', async () => {
    expect(await act('open-cover', { device: 'cover.garage' })).toMatchObject({ state: 'opening' });
    await vi.waitFor(() => expect(home.state('cover.garage')).toBe('open'));
  });

  test('lights, players, thermostats', async () => {
    expect(await act('turn-on', { device: 'light.hall', brightness: 40 })).toMatchObject({ state: 'on' });
    expect(await act('turn-on', { device: 'media_player.kitchen' })).toMatchObject({ state: 'idle' });
    await act('set-temperature', { device: 'climate.bath', temperature: 21 });
    expect(home.calls.map(({ service, data }) => [service, data])).toEqual([
      ['light.turn_on', { brightness_pct: 40 }],
      ['media_player.turn_on', {}],
      ['climate.set_temperature', { temperature: 21 }],
    ]);
  });

  test('the code comes from the secrets; without it, or with another one, the home says no', async () => {
    for (const secrets of [{ token: TOKEN }, { token: TOKEN, code: '0000' }]) {
      const without = connector({ secrets });
      const failure = await failureOf(without.call('unlock', { device: 'lock.back' }, options()));
      expect(failure).toMatchObject({ kind: 'refused', message: expect.stringContaining("doesn't match") });
      await without.close?.();
    }
    const withCode = connector({ secrets: { token: TOKEN, code: '4711' } });
    expect(await withCode.call('unlock', { device: 'lock.back' }, options())).toMatchObject({ state: 'unlocked' });
    expect(await withCode.call('disarm-alarm', { device: 'alarm_control_panel.home' }, options())).toMatchObject({
      state: 'disarmed',
    });
    expect(await withCode.call('turn-on', { device: 'light.hall' }, options())).toMatchObject({ state: 'on' });
    await withCode.close?.();
  });

  test.each([
    ['lock.shed', 'refused', /jammed/],
    ['lock.cellar', 'unavailable', /still locked after 0.2 s/],
    ['lock.gone', 'unavailable', /can't be reached/],
    ['lock.nowhere', 'not-found', /lock\.nowhere/],
  ])('%s: %s', async (device, kind, message) => {
    await it.close?.();
    it = connector({ settings: { settleSeconds: 0.2 } });
    expect(await failureOf(act('unlock', { device }))).toMatchObject({ kind, message: expect.stringMatching(message) });
  });

  test('a domain that an action is not for is refused before anything is asked', async () => {
    expect(await failureOf(act('unlock', { device: 'cover.garage' }))).toMatchObject({ kind: 'refused' });
    expect(home.requests).toEqual([]);
  });

  test('a service the home does not have', async () => {
    expect(await failureOf(act('press-button', { device: 'input_button.x' }))).toMatchObject({ kind: 'not-found' });
    home.set('input_button.x', 'unknown');
    expect(await failureOf(act('press-button', { device: 'input_button.x' }))).toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('Service input_button.press not found'),
    });
  });
});

describe('twice or once', () => {
  test.each([
    ['unlock', true],
    ['turn-on', true],
    ['get-state', true],
    ['complete-item', true],
    ['open-door', false],
    ['press-button', false],
    ['run-script', false],
    ['say', false],
    ['add-item', false],
    ['no-such', false],
  ])('%s: %s', (operation, idempotent) => expect(it.idempotent(operation)).toBe(idempotent));

  test.each([
    ['lock.front', 'unlock', 'unavailable', 1],
    ['script.evening', 'run-script', 'in-doubt', 1],
  ] as const)('a lost answer of %s %s is %s', async (device, action, kind, calls) => {
    home.loseAnswer('cut');
    const failure = await failureOf(act(action, { device }, 'key'));
    expect(failure).toMatchObject({ kind, retryable: kind === 'unavailable' });
    if (failure.retryable) await act(action, { device }, 'key');
    expect(home.calls).toHaveLength(calls);
  });

  test('what is there already is not moved again, unless its state is a guess, or more is asked of it', async () => {
    home.set('lock.front', 'unlocked');
    expect(await act('unlock', { device: 'lock.front' })).toMatchObject({ state: 'unlocked' });
    expect(home.calls).toEqual([]);
    await act('turn-on', { device: 'light.garden' });
    home.set('light.hall', 'on');
    await act('turn-on', { device: 'light.hall', brightness: 40 });
    expect(home.calls.map(({ entity }) => entity)).toEqual(['light.garden', 'light.hall']);
  });

  test('no answer at all, until the caller gives up', async () => {
    home.loseAnswer('hang');
    const gone = it.call('run-script', { device: 'script.evening' }, options('k', AbortSignal.timeout(100)));
    expect(await failureOf(gone)).toMatchObject({ kind: 'in-doubt', message: expect.stringContaining('in time') });
  });

  test('what is done once does not fail because the state can’t be read afterwards', async () => {
    home.fail({ match: /script\.evening/, after: 1, status: 500 });
    expect(await act('run-script', { device: 'script.evening' })).toMatchObject({ device: 'script.evening' });
    home.fail({ match: /lock\.front/, after: 1, status: 500 });
    expect(await failureOf(act('open-door', { device: 'lock.front' }))).toMatchObject({ kind: 'in-doubt' });
    home.set('lock.front', 'locked');
    home.fail({ match: /lock\.front/, after: 1, status: 500 });
    expect(await failureOf(act('unlock', { device: 'lock.front' }))).toMatchObject({ kind: 'unavailable' });
    expect(home.calls.map(({ service }) => service)).toEqual(['script.turn_on', 'lock.open', 'lock.unlock']);
  });
});

describe('lists', () => {
  test('items are added and done', async () => {
    await act('add-item', { list: 'todo.shopping', title: 'Bread', due: '2026-11-26' });
    const { items } = await act('list-items', { list: 'todo.shopping' });
    expect(items).toEqual([
      { id: 'i1', title: 'Milk', done: false, due: null },
      { id: expect.any(String), title: 'Bread', done: false, due: '2026-11-26' },
    ]);
    await act('complete-item', { list: 'todo.shopping', item: 'i1' });
    expect((await act('list-items', { list: 'todo.shopping', status: 'done' })).items).toMatchObject([
      { id: 'i1', done: true },
    ]);
    expect(await failureOf(act('complete-item', { list: 'todo.shopping', item: 'i9' }))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('Unable to find'),
    });
    expect(await failureOf(act('list-items', { list: 'todo.none' }))).toMatchObject({ kind: 'not-found' });
  });
});

describe('events', () => {
  const listen = () => {
    const events: ConnectorEvent[] = [];
    const stop = it.subscribe?.('state-changed', (event) => events.push(event)) ?? (() => {});
    return { events, stop };
  };
  const connected = (sessions = 1) => vi.waitFor(() => expect(home.sessions()).toBe(sessions), { timeout: 5_000 });
  const seen = (events: ConnectorEvent[], to: string) =>
    vi.waitFor(
      () => {
        home.set('light.hall', to);
        home.set('light.hall', `${to}!`);
        expect(events.some(({ payload }) => payload.to === to)).toBe(true);
      },
      { timeout: 5_000 },
    );

  test('a change of state, not one of attributes', async () => {
    const { events, stop } = listen();
    await seen(events, 'on');
    expect(events[0]).toEqual({
      type: 'state-changed',
      id: expect.any(String),
      payload: {
        device: 'light.hall',
        name: 'light.hall',
        from: expect.any(String),
        to: 'on',
        attributes: {},
        at: expect.stringMatching(/\d\+00:00$/),
      },
    });
    const last = (to: string) => vi.waitFor(() => expect(events.at(-1)?.payload.to).toBe(to));
    home.set('light.hall', 'quiet');
    await last('quiet');
    const before = events.length;
    home.set('light.hall', 'quiet');
    home.set('light.hall', 'later');
    await last('later');
    expect(events).toHaveLength(before + 1);
    stop();
    home.set('light.hall', 'after');
    await it.check(options().signal);
    expect(events).toHaveLength(before + 1);
  });

  test('comes back by itself after a restart of the home', async () => {
    const { events } = listen();
    await seen(events, 'one');
    home.cut();
    await vi.waitFor(() => expect(warnings.join()).toContain('closed the connection'));
    await connected();
    await seen(events, 'two');
  });

  test('a token that is refused is not tried again and again', async () => {
    await it.close?.();
    it = connector({ secrets: { token: 'wrong-token' } });
    listen();
    await vi.waitFor(() =>
      expect(warnings).toEqual([expect.stringMatching(/no events any more.*Invalid access token/)]),
    );
  });

  test('an event that the table does not have', () => {
    it.subscribe?.('fire', () => {})();
    expect(warnings).toEqual(['there is no event "fire"']);
    expect(home.requests).toEqual([]);
  });
});
