import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AgentPort, Connector, ConnectorEvent } from '../../../../src/core/ports/automation.ts';
import { redactor } from '../../../../src/core/redact.ts';
import { CallBook } from '../../../../src/services/connectors/twilio/call-book.ts';
import { twilio } from '../../../../src/services/connectors/twilio/index.ts';
import { FAKE_ACCOUNT, type FakeTwilio, startTwilio, type TwilioOptions } from '../../../fakes/twilio.ts';
import { failureOf, options, setupOf } from './support.ts';

const FROM = '+15005550006';
const ELDER = '+4915112345678';
const POLL = { firstMs: 5, mostMs: 20 };
const secrets = { accountSid: FAKE_ACCOUNT, authToken: 'twilio-token-1' };

let fake: FakeTwilio;
let it: Connector;
let port: number;
let dir: string;
let warnings: string[];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

const connector = (more: Parameters<typeof setupOf>[0] = {}) =>
  twilio(
    setupOf({
      url: fake.url,
      secrets,
      settings: { from: FROM, publicUrl: 'https://home.example/hooks', port },
      dataDir: dir,
      warn: (text) => warnings.push(text),
      ...more,
    }),
    POLL,
  );
const start = async (more: TwilioOptions = {}) => {
  fake = await startTwilio({
    smsUrl: 'https://home.example/hooks/sms',
    // A proxy that cuts its own prefix.
    route: (url) => url.replace('https://home.example/hooks', `http://127.0.0.1:${port}`),
    ...more,
  });
  it = connector();
};
const act = (operation: string, args: Record<string, unknown>, key?: string) =>
  it.call(operation, args, options(key)) as any;
const checkIn = { to: ELDER, say: 'Good morning.', questions: ['How are you?', 'Did you eat?'], goodbye: 'Bye.' };

beforeEach(async () => {
  warnings = [];
  port = await freePort();
  dir = mkdtempSync(join(tmpdir(), 'chp-twilio-'));
  await start();
});
afterEach(async () => {
  await it.close?.();
  await fake.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('text messages', () => {
  test('one is sent', async () => {
    expect(await act('send-sms', { to: ELDER, text: 'Hello' })).toEqual({
      id: expect.stringMatching(/^SM/),
      status: 'queued',
    });
    expect(fake.messages).toMatchObject([{ to: ELDER, from: FROM, body: 'Hello' }]);
    expect(it.idempotent('send-sms')).toBe(false);
  });

  test.each([
    [{ cut: 'after' as const }, 'in-doubt', 1],
    [{ cut: 'before' as const }, 'in-doubt', 0],
    [{ status: 500 }, 'in-doubt', 0],
    [{ status: 503 }, 'unavailable', 0],
    [
      {
        status: 429,
        headers: { 'retry-after': '2' },
        body: { code: 20429, message: 'Too Many Requests', status: 429 },
      },
      'rate-limited',
      0,
    ],
  ])('a lost answer is never tried again by itself: %o', async (fault, kind, sent) => {
    fake.fail({ match: /POST .*Messages/, ...fault });
    expect(await failureOf(act('send-sms', { to: ELDER, text: 'Hello' }))).toMatchObject({ kind });
    expect(fake.messages).toHaveLength(sent);
  });

  test('nobody there: it was not sent, and may be tried again', async () => {
    await fake.close();
    expect(await failureOf(act('send-sms', { to: ELDER, text: 'Hello' }))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await start();
  });

  test('what Twilio refuses, in its words', async () => {
    const refused = async (more: TwilioOptions, settings = { from: FROM }) => {
      await Promise.all([it.close?.(), fake.close()]);
      await start(more);
      await it.close?.();
      it = connector({ settings });
      return failureOf(act('send-sms', { to: ELDER, text: 'Hello' }));
    };
    expect(await refused({ verified: [] })).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/unverified.*error 21608/),
    });
    expect(await refused({}, { from: '+15005550001' })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('21606'),
    });
    expect(await refused({ authToken: 'another' })).toMatchObject({
      kind: 'auth',
      message: 'Twilio answered 401: Authenticate (error 20003)',
    });
    fake.fail({ status: 400, body: { code: 21211, message: "Invalid 'To' Phone Number: +49XX5678", status: 400 } });
    expect(await failureOf(act('send-sms', { to: ELDER, text: 'x' }))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('21211'),
    });
    expect(await failureOf(act('send-sms', { to: '0151', text: 'x' }))).toMatchObject({ kind: 'refused' });
    expect(await failureOf(act('send-sms', { to: ELDER, text: 'x'.repeat(1601) }))).toMatchObject({ kind: 'refused' });
  });

  test('those that came in', async () => {
    await it.close?.();
    it = connector({ settings: { from: FROM } });
    await fake.receive({ from: ELDER, text: 'one' });
    await fake.receive({ from: '+4930123456', text: 'two' });
    await act('send-sms', { to: ELDER, text: 'out' });
    expect((await act('list-messages', {})).messages.map(({ text }: any) => text)).toEqual(['two', 'one']);
    expect((await act('list-messages', { from: ELDER, max: 1 })).messages).toEqual([
      { id: expect.stringMatching(/^SM/), from: ELDER, text: 'one', at: expect.stringMatching(/\+0[12]:00$/) },
    ]);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await act('list-messages', { since: later })).messages).toEqual([]);
  });

  test('one that comes in is an event; a forged one is not', async () => {
    const events: ConnectorEvent[] = [];
    it.subscribe?.('message-received', (event) => events.push(event));
    expect(await fake.receive({ from: ELDER, text: 'I fell' })).toBe(200);
    expect(events).toMatchObject([
      { type: 'message-received', id: expect.stringMatching(/^SM/), payload: { from: ELDER, text: 'I fell' } },
    ]);
    const form = { MessageSid: 'SM1', From: ELDER, Body: 'unlock' };
    const url = 'https://home.example/hooks/sms';
    expect((await fake.post(url, form, 'bm90IGl0')).status).toBe(403);
    const other = await startTwilio({
      authToken: 'another',
      route: (at) => at.replace('https://home.example/hooks', `http://127.0.0.1:${port}`),
    });
    expect((await other.post(url, form)).status).toBe(403);
    await other.close();
    expect(
      (await fetch(`http://127.0.0.1:${port}/sms`, { method: 'POST', body: new URLSearchParams(form) })).status,
    ).toBe(403);
    expect((await fetch(`http://127.0.0.1:${port}/sms`)).status).toBe(404);
    expect(events).toHaveLength(1);
  });
});

describe('calls', () => {
  test('a check-in: said, asked, heard, in order', async () => {
    fake.callees[ELDER] = { does: 'answer', says: ['I am <fine> & well', 'Yes, soup.'] };
    expect(await act('call', checkIn)).toEqual({
      id: expect.stringMatching(/^CA/),
      status: 'completed',
      answeredBy: 'human',
      seconds: expect.any(Number),
      answers: [
        { question: 'How are you?', answer: 'I am <fine> & well' },
        { question: 'Did you eat?', answer: 'Yes, soup.' },
      ],
    });
    expect(fake.calls[0]).toMatchObject({
      errors: [],
      heard: ['Good morning.', 'How are you?', '> I am <fine> & well', 'Did you eat?', '> Yes, soup.', 'Bye.'],
    });
  });

  test('silence is asked once more, then goes on; hanging up in the middle keeps what was said', async () => {
    fake.callees[ELDER] = { does: 'answer', says: [null, 'Good', null, null] };
    expect((await act('call', checkIn)).answers).toEqual([
      { question: 'How are you?', answer: 'Good' },
      { question: 'Did you eat?', answer: '' },
    ]);
    fake.callees[ELDER] = { does: 'answer', says: ['Good'], hangsUpAfter: 1 };
    expect(await act('call', checkIn)).toMatchObject({
      status: 'completed',
      answers: [{ answer: 'Good' }, { answer: '' }],
    });
  });

  test.each([
    ['no-answer', { status: 'no-answer', answeredBy: 'nobody', answers: [] }],
    ['busy', { status: 'busy', answeredBy: 'nobody' }],
    ['failed', { status: 'failed', answeredBy: 'nobody' }],
    ['machine', { status: 'voicemail', answeredBy: 'machine', answers: [] }],
  ] as const)('%s', async (does, expected) => {
    fake.callees[ELDER] = { does };
    expect(await act('call', checkIn)).toMatchObject(expected);
    expect(fake.calls[0]?.heard).toEqual([]);
  });

  test('a message for the machine, after its beep', async () => {
    fake.callees[ELDER] = { does: 'machine' };
    expect(await act('call', { ...checkIn, voicemail: 'Please call back.' })).toMatchObject({ status: 'voicemail' });
    expect(fake.calls[0]).toMatchObject({ heard: ['Please call back.'], answered_by: 'machine_end_beep' });
  });

  test('without webhooks it can speak, but not listen', async () => {
    await it.close?.();
    it = connector({ settings: { from: FROM, voice: 'Polly.Vicki' } });
    fake.callees[ELDER] = { does: 'answer' };
    expect(await act('call', { to: ELDER, say: 'Medicine!', goodbye: 'Bye.' })).toMatchObject({ status: 'completed' });
    expect(fake.calls[0]?.heard).toEqual(['Medicine!', 'Bye.']);
    expect(await failureOf(act('call', checkIn))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('publicUrl'),
    });
    expect(it.subscribe).toBeUndefined();
  });

  test('a wrong answer of Twilio’s, then the right one: the call goes on', async () => {
    fake.callees[ELDER] = { does: 'answer', says: ['a', 'b'] };
    fake.fail({ match: /GET .*Calls/, status: 500 });
    expect(await failureOf(act('call', checkIn, 'k'))).toMatchObject({ kind: 'unavailable' });
    expect(await act('call', checkIn, 'k')).toMatchObject({
      status: 'completed',
      answers: [{ answer: 'a' }, { answer: 'b' }],
    });
    expect(fake.calls).toHaveLength(1);
  });
});

describe('one call a key', () => {
  test('the same key is the same call, also for the next process', async () => {
    fake.callees[ELDER] = { does: 'answer', says: ['a', 'b'] };
    const first = await act('call', checkIn, 'run/call');
    await it.close?.();
    it = connector();
    expect(await act('call', checkIn, 'run/call')).toEqual(first);
    expect(fake.calls).toHaveLength(1);
    await act('call', checkIn, 'run/other');
    expect(fake.calls).toHaveLength(2);
    expect(it.idempotent('call')).toBe(true);
  });

  test('the answer to placing it was lost: the call is found', async () => {
    fake.callees[ELDER] = { does: 'answer', says: ['a', 'b'] };
    fake.fail({ match: /POST .*Calls/, cut: 'after' });
    expect(await failureOf(act('call', checkIn, 'k'))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('looked up'),
    });
    await fake.idle();
    // By its webhooks: nothing is looked up.
    fake.fail({ match: /GET .*Calls.json/, status: 500 });
    expect(await act('call', checkIn, 'k')).toMatchObject({
      status: 'completed',
      answers: [{ answer: 'a' }, { answer: 'b' }],
    });
    expect(fake.calls).toHaveLength(1);
  });

  test('found by what Twilio lists, when no webhook told', async () => {
    await it.close?.();
    it = connector({ settings: { from: FROM } });
    fake.callees[ELDER] = { does: 'answer' };
    const spoken = { to: ELDER, say: 'Hello.' };
    await act('call', spoken, 'earlier');
    fake.fail({ match: /POST .*Calls/, cut: 'after' });
    await failureOf(act('call', spoken, 'k'));
    expect(await act('call', spoken, 'k')).toMatchObject({ id: fake.calls[0]?.sid });
    expect(fake.calls).toHaveLength(2);
  });

  test('never placed: not known at once, placed when it is sure', async () => {
    fake.fail({ match: /POST .*Calls/, cut: 'before' });
    await failureOf(act('call', checkIn, 'k'));
    const unsure = await failureOf(act('call', checkIn, 'k'));
    expect(unsure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('not known yet') });
    expect(unsure.retryAfterMs).toBeGreaterThan(5_000);
    expect(fake.calls).toHaveLength(0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
    try {
      expect(await act('call', checkIn, 'k')).toMatchObject({ status: 'no-answer' });
    } finally {
      vi.useRealTimers();
    }
    expect(fake.calls).toHaveLength(1);
  });

  test('two that could be it: nobody can tell', async () => {
    await it.close?.();
    it = connector({ settings: { from: FROM } });
    const spoken = { to: ELDER, say: 'Hello.' };
    fake.fail({ match: /POST .*Calls/, cut: 'after', times: 2 });
    await failureOf(act('call', spoken, 'one'));
    await failureOf(act('call', spoken, 'two'));
    expect(await failureOf(act('call', spoken, 'one'))).toMatchObject({ kind: 'in-doubt' });
  });

  test('a call that was refused is no call', async () => {
    fake.fail({
      match: /POST .*Calls/,
      status: 400,
      body: { code: 21211, message: "Invalid 'To' Phone Number", status: 400 },
    });
    expect(await failureOf(act('call', checkIn, 'k'))).toMatchObject({ kind: 'refused' });
    expect(await act('call', checkIn, 'k')).toMatchObject({ status: 'no-answer' });
  });
});

describe('the agent leads', () => {
  const agentOf = (replies: (string | Error)[]) => {
    const asked: Parameters<AgentPort['ask']>[0][] = [];
    const agent: AgentPort = {
      ask: async (question) => {
        asked.push(question);
        const reply = replies.shift() ?? 'END';
        if (reply instanceof Error) throw reply;
        return { text: reply };
      },
      close: async () => {},
    };
    return { agent, asked };
  };
  const guided = { ...checkIn, questions: ['How are you?'], guidance: 'Ask about the knee.' };
  const withAgent = async (replies: (string | Error)[]) => {
    const { agent, asked } = agentOf(replies);
    await it.close?.();
    it = connector({ agent });
    fake.callees[ELDER] = { does: 'answer', says: ['So so', 'Better', 'No'] };
    return asked;
  };

  test('until it has nothing more to say', async () => {
    const asked = await withAgent(['How is the\u0007 knee?', 'END']);
    expect((await act('call', guided)).answers).toEqual([
      { question: 'How are you?', answer: 'So so' },
      { question: 'How is the\u0007 knee?', answer: 'Better' },
    ]);
    expect(fake.calls[0]?.heard).toEqual([
      'Good morning.',
      'How are you?',
      '> So so',
      'How is the  knee?',
      '> Better',
      'Bye.',
    ]);
    expect(asked[1]).toMatchObject({
      guidance: 'Ask about the knee.',
      prompt: expect.stringContaining('Them: Better'),
    });
    expect(new Set(asked.map(({ session }) => session)).size).toBe(1);
  });

  test('as often as it may, and no longer than it answers', async () => {
    await withAgent(['One?', 'Two?', 'Three?']);
    expect((await act('call', { ...guided, turns: 2 })).answers).toHaveLength(3);
    await withAgent([new Error('the model is down')]);
    expect(await act('call', guided)).toMatchObject({ status: 'completed', answers: [{ answer: 'So so' }] });
    expect(fake.calls[0]?.heard.at(-1)).toBe('Bye.');
    expect(warnings.join()).toContain('the model is down');
  });

  test('no agent, no guidance', async () => {
    expect(await failureOf(act('call', guided))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('no agent'),
    });
  });

  test('a webhook that comes twice changes nothing', async () => {
    const asked = await withAgent(['One?', 'END']);
    const { id } = new CallBook(dir).begin('k', { ...guided, turns: 6, language: 'en-US', ringSeconds: 30 });
    const voice = (turn: string, form: Record<string, string>) =>
      fake.post(`https://home.example/hooks/voice/${id}${turn}`, { CallSid: 'CA1', ...form });
    await voice('', { AnsweredBy: 'human' });
    const first = await voice('/0', { SpeechResult: 'So so' });
    const again = await voice('/0', { SpeechResult: 'Something else' });
    expect(again.body).toBe(first.body);
    expect(asked).toHaveLength(1);
    expect(new CallBook(dir).byId(id)?.turns[0]).toEqual({ question: 'How are you?', answer: 'So so' });
    expect((await voice('/7', { SpeechResult: 'x' })).body).toContain('Hangup');
    expect((await fake.post(`https://home.example/hooks/voice/${'x'.repeat(22)}`, {})).status).toBe(404);
  });
});

describe('check, secrets', () => {
  test('account and number are looked at; webhooks are said not to be tried', async () => {
    expect(await it.check(options().signal)).toEqual({
      ok: true,
      detail: expect.stringMatching(/Smith.*whether Twilio reaches them was not tried/),
    });
    const other = connector({ settings: { from: '+15005550009' } });
    expect(await other.check(options().signal)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('does not own'),
    });
    await other.close?.();
  });

  test('a port that is taken is said', async () => {
    const second = connector();
    await vi.waitFor(() => expect(warnings.join()).toContain('EADDRINUSE'));
    expect(await second.check(options().signal)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('is taken'),
    });
    await second.close?.();
  });

  test('the token is in no error and no file', async () => {
    redactor.add('token-canary-77');
    await Promise.all([it.close?.(), fake.close()]);
    await start({ authToken: 'token-canary-77' });
    await it.close?.();
    it = connector({ secrets: { ...secrets, authToken: 'token-canary-77' } });
    fake.fail({ match: /POST/, status: 400, body: { message: 'bad token-canary-77 for you' } });
    expect((await failureOf(act('call', checkIn))).message).toBe('Twilio answered 400: bad [hidden] for you');
    fake.callees[ELDER] = { does: 'answer', says: ['a', 'b'] };
    await act('call', checkIn);
    const { readdirSync, readFileSync } = await import('node:fs');
    const bytes = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'latin1'));
    expect(bytes.join()).toContain('Did you eat?');
    expect(bytes.join()).not.toContain('canary');
  });
});
