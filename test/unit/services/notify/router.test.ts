import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentPort } from '../../../../src/core/ports/automation.ts';
import { VerbFailure } from '../../../../src/core/ports/automation.ts';
import { type FakeTelegram, startTelegram } from '../../../fakes/telegram.ts';
import { type FakeWebhook, startWebhook } from '../../../fakes/webhook.ts';
import { ANA, BEN, EVE, envelopeOf, failureOf, OMA, options, Rig, TOKEN } from './support.ts';

let rig: Rig;
let hook: FakeWebhook;
const message = (text: string, to = ANA) => ({ to, text, urgency: 'normal' as const });
const webhook = () => ({ webhook: { url: hook.url, signingSecret: 'SIGNING' } });

beforeEach(async () => {
  rig = new Rig();
  hook = await startWebhook({ secret: 'signing-canary-1' });
});
afterEach(async () => {
  await rig.end();
  await hook.close();
});

describe('the inbox', () => {
  test('keeps every message, newest first, and is the way where there is no other', async () => {
    rig.start({});
    expect(await rig.notify.send(message('one'), options('1'))).toEqual({ via: 'inbox', id: null });
    await rig.notify.send(message('two', OMA), options('2'));
    expect(await rig.notify.messages({})).toMatchObject([
      { key: '2', to: 'oma', text: 'two', delivery: { via: 'inbox', id: null }, envelope: null },
      { key: '1', to: 'ana', text: 'one', at: expect.stringMatching(/Z$/) },
    ]);
    expect(await rig.notify.messages({ to: 'ana', limit: 1 })).toHaveLength(1);
  });

  test('questions have states, survive a restart, and keep their end', async () => {
    rig.start({});
    await rig.notify.open(envelopeOf(), [ANA, OMA], options('a'));
    await rig.notify.open(envelopeOf({ id: 'run-2/ask', summary: 'Two' }), [], options('b'));
    await rig.notify.close();
    rig.start({});
    expect(await rig.notify.inbox({ open: true })).toEqual([
      expect.objectContaining({ id: 'run-2/ask', state: 'open' }),
      envelopeOf({ expiresAt: expect.any(String) as never }),
    ]);
    await rig.notify.settle('run-1/ask', 'approved');
    await rig.notify.settle('run-1/ask', 'denied');
    await rig.notify.settle('no-such', 'denied');
    await rig.notify.open(envelopeOf({ approvers: ['eve'] }), [], options('late'));
    expect(await rig.notify.inbox({ open: false })).toMatchObject([
      { id: 'run-1/ask', state: 'approved', approvers: ['ana', 'ben'] },
    ]);
    await rig.notify.open(envelopeOf(), [ANA], options('later'));
    expect(await rig.notify.inbox({ limit: 1, open: true })).toMatchObject([{ id: 'run-2/ask' }]);
    expect((await rig.notify.messages({})).filter(({ key }) => key.startsWith('later'))).toEqual([]);
  });

  test('another rung of the same question: more people, a later end', async () => {
    rig.start({});
    const later = new Date(Date.now() + 7200_000).toISOString();
    await rig.notify.open(envelopeOf({ approvers: ['ana'] }), [ANA], options('r1'));
    await rig.notify.open(envelopeOf({ approvers: ['ana', 'oma'], expiresAt: later }), [OMA], {
      ...options('r2'),
      urgency: 'emergency',
    });
    expect(await rig.notify.inbox({})).toMatchObject([{ approvers: ['ana', 'oma'], expiresAt: later, state: 'open' }]);
    expect(await rig.notify.messages({})).toMatchObject([
      { to: 'oma', urgency: 'emergency', envelope: 'run-1/ask' },
      { to: 'ana', urgency: 'normal' },
    ]);
  });

  test('what nobody settled is expired by its time', async () => {
    let now = Date.now();
    rig.start({}, { now: () => now });
    await rig.notify.open(
      envelopeOf({ expiresAt: new Date(now + 60_000 + 5 * 3600_000).toISOString().replace('Z', '+05:00') }),
      [],
      options(),
    );
    now += 60_001;
    expect(await rig.notify.inbox({ open: true })).toEqual([]);
    expect(await rig.notify.inbox({})).toMatchObject([{ state: 'expired' }]);
    await rig.notify.settle('run-1/ask', 'denied');
    expect(await rig.notify.inbox({})).toMatchObject([{ state: 'denied' }]);
  });

  test('a damaged file is put aside, with a word; what is old is forgotten', async () => {
    let now = Date.now();
    rig.start({}, { now: () => now });
    await rig.notify.send(message('old'), options('old'));
    await rig.notify.open(envelopeOf(), [], options());
    await rig.notify.close();
    now += 91 * 24 * 3600_000;
    rig.start({}, { now: () => now });
    expect(await rig.notify.messages({})).toEqual([]);
    expect(await rig.notify.inbox({})).toMatchObject([{ state: 'expired' }]);
    await rig.notify.close();
    writeFileSync(
      join(rig.dir, 'notify', 'notify.db'),
      'not a database at all, but long enough to be read as one'.repeat(99),
    );
    rig.start({});
    expect(rig.warnings).toEqual([expect.stringMatching(/the inbox was damaged.*begins anew/)]);
    expect(await rig.notify.send(message('new'), options())).toMatchObject({ via: 'inbox' });
    expect(readdirSync(join(rig.dir, 'notify')).some((name) => name.includes('damaged'))).toBe(true);
  });
});

describe('the webhook', () => {
  test('is signed, and says the same thing once however often it is tried', async () => {
    rig.start(webhook());
    hook.fail({ cut: 'after' });
    expect(await failureOf(rig.notify.send(message('Hi'), options('k')))).toMatchObject({ kind: 'unavailable' });
    expect(await rig.notify.send(message('Hi'), options('k'))).toEqual({ via: 'webhook', id: 'k/ana' });
    await rig.notify.send(message('Hi'), options('k'));
    expect(hook.requests).toHaveLength(2);
    expect(hook.events).toMatchObject([
      {
        id: 'k/ana',
        body: {
          type: 'message',
          key: 'k',
          to: { id: 'ana', name: 'Ana' },
          text: 'Hi',
          urgency: 'normal',
          envelope: null,
        },
      },
    ]);
    expect(JSON.stringify(hook.events)).not.toContain('contacts');
  });

  test('questions, and how they ended', async () => {
    rig.start(webhook());
    await rig.notify.open(envelopeOf(), [ANA], options('q'));
    await rig.notify.settle('run-1/ask', 'approved');
    expect(hook.events.map(({ body }) => [body.type, body.envelope.id, body.envelope.state])).toEqual([
      ['message', 'run-1/ask', 'open'],
      ['settled', 'run-1/ask', 'approved'],
    ]);
  });

  test('a wrong signing secret, one without a value, none', async () => {
    rig.start(webhook(), { secret: () => 'another-secret' });
    expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('401'),
    });
    await rig.notify.close();
    rig.start(webhook(), { secret: () => undefined });
    expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('chp secret set smith SIGNING'),
    });
    expect(hook.events).toEqual([]);
    await rig.notify.close();
    const open = await startWebhook();
    rig.start({ webhook: { url: open.url } });
    await rig.notify.send(message('Hi'), options());
    expect(open.requests[0]?.headers['webhook-signature']).toBeUndefined();
    await open.close();
  });

  test.each([
    [{ status: 503 }, { kind: 'unavailable' }],
    [
      { status: 429, headers: { 'retry-after': '4' } },
      { kind: 'rate-limited', retryAfterMs: 4000 },
    ],
    [{ status: 404 }, { kind: 'not-found' }],
    [{ status: 400 }, { kind: 'refused' }],
  ])('%o', async (fault, expected) => {
    rig.start(webhook());
    hook.fail(fault);
    expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject(expected);
  });
});

test('ways are checked without a word to anybody', async () => {
  const telegram = await startTelegram({ token: TOKEN, chats: [11] });
  rig.start({ telegram: { tokenSecret: 'BOT', apiUrl: telegram.url }, ...webhook() });
  const check = () => rig.notify.check(AbortSignal.timeout(5_000));
  expect(await check()).toEqual([
    { name: 'telegram', ok: true, detail: expect.stringContaining('@home_bot') },
    { name: 'webhook', ok: true, detail: expect.stringContaining('nothing was posted') },
  ]);
  expect([telegram.messages, hook.events]).toEqual([[], []]);
  await expect.poll(() => telegram.polls()).toBe(1);
  telegram.conflict();
  await hook.close();
  await expect.poll(check).toMatchObject([
    { ok: false, detail: expect.stringContaining('something else reads this bot') },
    { ok: false, detail: expect.stringContaining('did not answer') },
  ]);
  await rig.notify.close();
  rig.start(webhook(), { secret: () => undefined });
  expect(await check()).toMatchObject([{ ok: false, detail: expect.stringContaining('chp secret set smith SIGNING') }]);
  await telegram.close();
});

test('what is sent goes to nobody else by a redirect', async () => {
  const elsewhere = await startWebhook();
  rig.start(webhook());
  hook.fail({ status: 307, headers: { location: elsewhere.url } });
  expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject({ kind: 'unavailable' });
  expect(elsewhere.requests).toEqual([]);
  await elsewhere.close();
});

describe('by preference', () => {
  let telegram: FakeTelegram;
  const both = () => ({ telegram: { tokenSecret: 'BOT', apiUrl: telegram.url }, ...webhook() });
  beforeEach(async () => {
    telegram = await startTelegram({ token: TOKEN, chats: [11, 22], blocked: [33] });
  });
  afterEach(async () => {
    await rig.notify.close();
    await telegram.close();
  });

  test('the first way that takes it, the next when it does not, and a copy of all', async () => {
    rig.start(both());
    expect(await rig.notify.send(message('a', ANA), options('a'))).toMatchObject({ via: 'telegram' });
    expect(await rig.notify.send(message('b', EVE), options('b'))).toMatchObject({ via: 'webhook' });
    expect(await rig.notify.send(message('c', OMA), options('c'))).toMatchObject({ via: 'webhook' });
    expect(hook.events.map(({ body }) => body.text)).toEqual(['b', 'c']);
    expect((await rig.notify.messages({})).map(({ delivery }) => delivery?.via)).toEqual([
      'webhook',
      'webhook',
      'telegram',
    ]);
  });

  test('nobody took it: each reason, and the kind that may be tried again', async () => {
    rig.start(both());
    hook.fail({ status: 503 });
    expect(await failureOf(rig.notify.send(message('x', EVE), options()))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^Eve was not reached \(telegram: .*blocked.*; webhook: .*503\)$/),
    });
    hook.fail({ status: 400 });
    expect(await failureOf(rig.notify.send(message('x', EVE), options()))).toMatchObject({ kind: 'refused' });
    expect(await rig.notify.messages({})).toMatchObject([{ delivery: null }, { delivery: null }]);
  });

  test('one approver who is reached is enough; none is a failure, and the question is kept', async () => {
    rig.start({ telegram: { tokenSecret: 'BOT', apiUrl: telegram.url } });
    await rig.notify.open(envelopeOf(), [EVE, BEN], options('q'));
    expect(rig.warnings).toEqual([expect.stringMatching(/not everybody.*Eve was not reached/)]);
    expect(await failureOf(rig.notify.open(envelopeOf({ id: 'q2' }), [EVE], options('q2')))).toMatchObject({
      kind: 'refused',
    });
    expect(await rig.notify.inbox({ open: true })).toHaveLength(2);
  });

  test('a caller who gave up is not served by the next way', async () => {
    rig.start(both());
    telegram.fail({ match: /sendMessage/, cut: 'hang' });
    expect(await failureOf(rig.notify.send(message('x'), options('k', AbortSignal.timeout(100))))).toMatchObject({
      kind: 'unavailable',
    });
    expect(hook.events).toEqual([]);
  });

  test('a bot without a token says so, and the webhook takes its place', async () => {
    rig.start(both(), { secret: (name) => (name === 'SIGNING' ? 'signing-canary-1' : undefined) });
    expect(await rig.notify.send(message('x'), options())).toMatchObject({ via: 'webhook' });
    hook.fail({ status: 500 });
    expect((await failureOf(rig.notify.send(message('y'), options()))).message).toContain(
      'no value for BOT; chp secret set smith BOT',
    );
  });

  test('secrets are in no file', async () => {
    rig.start(both());
    await rig.notify.open(envelopeOf(), [ANA, EVE], options('q'));
    const { readFileSync } = await import('node:fs');
    const files = readdirSync(join(rig.dir, 'notify')).map((name) =>
      readFileSync(join(rig.dir, 'notify', name), 'latin1'),
    );
    expect(files.join()).toContain('Front door');
    expect(files.join()).not.toMatch(/canary|AAbot/);
  });
});

describe('a bot that the gateway owns', () => {
  const agentOf = (send: AgentPort['send']): AgentPort => ({
    ask: async () => ({ text: '' }),
    close: async () => {},
    ...(send ? { send } : {}),
  });

  test('is asked to write, and gets no buttons', async () => {
    const sent: unknown[] = [];
    rig.start(
      { telegram: { gateway: true } },
      {
        agent: agentOf(async (out, { key }) => {
          sent.push({ ...out, key });
          return { id: '7' };
        }),
      },
    );
    expect(await rig.notify.send(message('Hi'), options('k'))).toEqual({ via: 'telegram', id: '7' });
    await rig.notify.open(envelopeOf(), [ANA], options('q'));
    expect(sent).toMatchObject([
      { channel: 'telegram', to: '11', text: 'Hi', key: 'k' },
      { text: expect.stringMatching(/Unlock[\s\S]*answer in the inbox: run-1\/ask$/), key: 'q/ana' },
    ]);
    expect(await rig.notify.send(message('Hi', OMA), options())).toMatchObject({ via: 'inbox' });
  });

  test('one that can’t, or is not there', async () => {
    rig.start(
      { telegram: { gateway: true } },
      { agent: agentOf(async () => Promise.reject(new VerbFailure('unavailable', 'the gateway restarts'))) },
    );
    expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('restarts'),
    });
    await rig.notify.close();
    rig.start({ telegram: { gateway: true } });
    expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject({ kind: 'unavailable' });
  });
});
