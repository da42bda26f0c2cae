import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChpError } from '../../../../src/core/errors.ts';
import { Buttons } from '../../../../src/services/notify/telegram/buttons.ts';
import { escapeHtml, split } from '../../../../src/services/notify/telegram/text.ts';
import { type FakeTelegram, startTelegram } from '../../../fakes/telegram.ts';
import { ANA, BEN, EVE, envelopeOf, failureOf, member, options, Rig, TOKEN } from './support.ts';

let telegram: FakeTelegram;
let rig: Rig;
const config = () => ({ telegram: { tokenSecret: 'BOT', apiUrl: telegram.url } });
const message = (text: string, to = ANA) => ({ to, text, urgency: 'normal' as const });

beforeEach(async () => {
  telegram = await startTelegram({ token: TOKEN, chats: [11, 22, -100], blocked: [33] });
  rig = new Rig();
  rig.start(config());
});
afterEach(async () => {
  await rig.end();
  await telegram.close();
});

describe('messages', () => {
  test('a text as it is, whatever is in it', async () => {
    const text = 'Milk & <bread> "now" — 5 < 6 &amp; done';
    expect(await rig.notify.send(message(text), options())).toEqual({
      via: 'telegram',
      id: expect.stringMatching(/^\d+$/),
    });
    expect(telegram.messages).toMatchObject([{ chat: '11', text, buttons: [] }]);
  });

  test('a long one in parts that fit, in order; what was sent is not sent again', async () => {
    const text = Array.from({ length: 900 }, (_, i) => `Line ${i} <&>.`).join('\n');
    telegram.fail({
      match: /sendMessage/,
      after: 2,
      status: 500,
      body: { ok: false, error_code: 500, description: 'Internal' },
    });
    expect(await failureOf(rig.notify.send(message(text), options('k')))).toMatchObject({ kind: 'unavailable' });
    expect(telegram.messages).toHaveLength(2);
    const delivery = await rig.notify.send(message(text), options('k'));
    expect(telegram.messages.map((one) => one.text).join('\n')).toBe(text);
    expect(delivery.id).toBe(String(telegram.messages.at(-1)?.message_id));
    expect(await rig.notify.send(message(text), options('k'))).toEqual(delivery);
    expect(telegram.messages).toHaveLength(4);
  });

  test('the same key is sent once, also after a restart; another recipient gets their own', async () => {
    await rig.notify.send(message('Hello'), options('k'));
    await rig.notify.close();
    rig.start(config());
    await rig.notify.send(message('Hello'), options('k'));
    expect(telegram.messages).toHaveLength(1);
    await rig.notify.send(message('Hello', BEN), options('k'));
    expect(telegram.messages.map(({ chat }) => chat)).toEqual(['11', '22']);
  });

  test.each([
    [EVE, 'refused', /blocked by the user/],
    [member('zoe', [{ kind: 'telegram', address: '99' }]), 'not-found', /chat not found/],
  ])('%o', async (to, kind, why) => {
    expect(await failureOf(rig.notify.send(message('Hi', to), options()))).toMatchObject({
      kind,
      message: expect.stringMatching(why),
    });
  });

  test('a short pause that Telegram asks for is kept, a long one handed on', async () => {
    const slow = (seconds: number) => ({
      match: /sendMessage/,
      status: 429,
      body: {
        ok: false,
        error_code: 429,
        description: `Too Many Requests: retry after ${seconds}`,
        parameters: { retry_after: seconds },
      },
    });
    telegram.fail(slow(1));
    expect(await rig.notify.send(message('Hi'), options())).toMatchObject({ via: 'telegram' });
    telegram.fail(slow(30));
    expect(await failureOf(rig.notify.send(message('Hi'), options()))).toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 30_000,
    });
  });

  test('a wrong token: said once, hidden, and the messages lie in the inbox', async () => {
    for (const token of ['1000:AAwrong-canary-token', 'no-token-canary']) {
      const other = new Rig();
      other.start(config(), { secret: () => token });
      const failure = await failureOf(other.notify.send(message('Hi'), options('k')));
      expect(failure).toMatchObject({ kind: 'auth' });
      await vi.waitFor(() =>
        expect(other.warnings).toEqual([
          expect.stringMatching(/buttons are not heard: Telegram answered 40[14]: [^;]*$/),
        ]),
      );
      expect(JSON.stringify([failure, failure.message, other.warnings])).not.toContain('canary');
      expect(await other.notify.messages({})).toMatchObject([{ key: 'k', to: 'ana', text: 'Hi', delivery: null }]);
      await other.end();
    }
  });

  test('nobody there: no token in what is said', async () => {
    const { url } = telegram;
    await rig.notify.close();
    await telegram.close();
    rig.start({ telegram: { tokenSecret: 'BOT', apiUrl: url } });
    await vi.waitFor(() =>
      expect(rig.warnings).toEqual([expect.stringMatching(/did not answer.*next attempt in 5 s/)]),
    );
    const failure = await failureOf(rig.notify.send(message('Hi'), options()));
    expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('did not answer') });
    expect(failure.message + rig.warnings).not.toContain('AAbot');
    // It ends also while it waits for the next attempt.
    await rig.notify.close();
    telegram = await startTelegram();
  });

  test('who writes /start is told the id that a contact needs', async () => {
    telegram.write(77, '/start');
    await vi.waitFor(() =>
      expect(telegram.messages).toMatchObject([{ chat: '77', text: expect.stringContaining('Your chat id is 77') }]),
    );
  });
});

test('what a member writes is handed on with who it was; strangers are not heard', async () => {
  const written: unknown[] = [];
  rig.notify.onMessage?.(async (one) => {
    if (one.text === 'fault') throw new Error('later');
    written.push(one);
  });
  telegram.write(12345, 'unlock the door');
  telegram.write(22, 'fault');
  telegram.write(22, 'good night');
  await vi.waitFor(() =>
    expect(written).toEqual([{ by: 'ben', text: 'good night', id: expect.stringMatching(/^telegram\/22\//) }]),
  );
  expect(rig.warnings).toEqual([expect.stringContaining('was not handled')]);
});

describe('questions', () => {
  const ask = async (more = {}, ...people: (typeof ANA)[]) => {
    const envelope = envelopeOf(more);
    await rig.notify.open(envelope, people.length > 0 ? people : [ANA, BEN], options(`${envelope.id}/1`));
    return envelope;
  };
  const of = (chat: string) =>
    telegram.messages.filter((one) => one.chat === chat).at(-1) as (typeof telegram.messages)[0];
  const answered = (count: number) => vi.waitFor(() => expect(telegram.answers).toHaveLength(count));

  test('each approver is asked once, with buttons that fit', async () => {
    const envelope = await ask();
    await rig.notify.open(envelope, [ANA, BEN], options(`${envelope.id}/1`));
    expect(telegram.messages).toHaveLength(2);
    expect(of('11').text).toMatch(
      /high risk[\s\S]*Unlock lock.front <now> & here\ndoor: Front door\nasked by: ana\nUntil /,
    );
    expect(of('11').buttons.map(({ text }) => text)).toEqual(['Approve', 'Deny']);
    await rig.notify.open(envelope, [BEN], options(`${envelope.id}/2`));
    expect(telegram.messages).toHaveLength(3);
  });

  test('a press is a decision of whoever pressed; when it is settled all see it, and the buttons are gone', async () => {
    await ask({ id: `${'long-'.repeat(30)}/ask` });
    telegram.press(of('22'), 'Deny');
    await answered(1);
    expect(rig.decisions).toEqual([{ envelope: `${'long-'.repeat(30)}/ask`, by: 'ben', verdict: 'deny' }]);
    expect(telegram.answers).toEqual([{ text: 'Thank you: deny.', alert: false }]);
    expect(of('22')).toMatchObject({ text: expect.stringContaining('Your answer: deny'), buttons: [] });
    expect(of('11').buttons).toHaveLength(2);
    await rig.notify.settle(`${'long-'.repeat(30)}/ask`, 'denied');
    expect(of('11')).toMatchObject({
      text: expect.stringMatching(/Unlock lock\.front <now> & here[\s\S]*Denied/),
      buttons: [],
    });
    expect(of('22')).toMatchObject({ text: expect.stringContaining('Denied'), buttons: [] });
  });

  test('pressed twice, it counts once', async () => {
    await ask({ quorum: 2 });
    const before = { ...of('11') };
    telegram.press(before, 'Approve');
    telegram.press(before, 'Deny');
    await answered(2);
    expect(rig.decisions).toEqual([{ envelope: 'run-1/ask', by: 'ana', verdict: 'approve' }]);
    expect(telegram.answers[1]).toEqual({ text: 'You have answered already: approve.', alert: true });
  });

  test('too late: after it was settled, and after its time', async () => {
    await ask({}, ANA);
    const question = { ...of('11') };
    await rig.notify.settle('run-1/ask', 'approved');
    telegram.press(question, 'Deny');
    await answered(1);
    expect(telegram.answers[0]).toEqual({ text: 'Too late. Approved.', alert: true });
    expect(rig.warnings).toEqual([]);
    let now = Date.now();
    await rig.notify.close();
    rig.start(config(), { now: () => now });
    await ask({ id: 'run-2/ask' }, ANA);
    now += 3600_000;
    telegram.press(of('11'), 'Approve');
    await answered(2);
    expect(telegram.answers[1]).toMatchObject({ text: expect.stringContaining('Too late. Expired'), alert: true });
    expect(of('11').buttons).toEqual([]);
    expect(rig.decisions).toEqual([]);
  });

  test('somebody who is not asked, or not known, changes nothing', async () => {
    await ask({ approvers: ['ben'] }, BEN);
    telegram.press(of('22'), 'Approve', 11);
    telegram.press(of('22'), 'Approve', 12345);
    await answered(2);
    expect(telegram.answers.map(({ text }) => text)).toEqual(['You are not asked in this.', 'You are not known here.']);
    expect(rig.decisions).toEqual([]);
    expect(of('22').buttons).toHaveLength(2);
  });

  test('in a group each answers for themselves, and the buttons stay for the others', async () => {
    await ask({ quorum: 2 }, member('home', [{ kind: 'telegram', address: '-100' }]));
    telegram.press(of('-100'), 'Approve', 11);
    await answered(1);
    expect(of('-100').buttons).toHaveLength(2);
    telegram.press(of('-100'), 'Approve', 22);
    await answered(2);
    expect(rig.decisions.map(({ by }) => by)).toEqual(['ana', 'ben']);
  });

  test('made-up, changed and foreign data is no answer', async () => {
    await ask({}, ANA);
    const real = of('11').buttons[0]?.callback_data ?? '';
    const foreign = new Buttons(TOKEN, 'jones').of({ ...envelopeOf(), number: 1 })[0]?.[0]?.callback_data ?? '';
    const other = new Buttons('2000:other', 'smith').of({ ...envelopeOf(), number: 1 })[0]?.[0]?.callback_data ?? '';
    const forged = [
      real.replace('c:a', 'c:d'),
      `${real.slice(0, -1)}x`,
      foreign,
      other,
      'c:a:zz:AAAAAAAAAAAAAAAA',
      'hello',
      '',
    ];
    for (const data of forged) telegram.press(of('11'), { data: data || ' ' });
    await answered(forged.length);
    expect(new Set(telegram.answers.map(({ text }) => text))).toEqual(new Set(['This button is not known any more.']));
    expect(rig.decisions).toEqual([]);
    telegram.press(of('11'), { data: real });
    await answered(forged.length + 1);
    expect(rig.decisions).toHaveLength(1);
  });

  test('what the run says has the last word; a fault is no answer, and can be tried again', async () => {
    await ask({}, ANA);
    let fault: Error | null = new ChpError('CONFLICT', 'the run has ended');
    rig.notify.onDecision(async (decision) => {
      if (fault) throw fault;
      rig.decisions.push(decision);
    });
    telegram.press(of('11'), 'Approve');
    await answered(1);
    fault = new Error('socket');
    telegram.press(of('11'), 'Approve');
    await answered(2);
    fault = null;
    telegram.press(of('11'), 'Approve');
    await answered(3);
    expect(telegram.answers.map(({ text }) => text)).toEqual([
      'the run has ended',
      'That did not work. Please try again.',
      'Thank you: approve.',
    ]);
    expect(rig.warnings).toEqual([expect.stringContaining('was not taken')]);
    expect(rig.decisions).toHaveLength(1);
  });

  test('a question to take something on', async () => {
    await ask({ kind: 'acknowledge', summary: 'Oma did not pick up' }, ANA);
    expect(of('11').buttons.map(({ text }) => text)).toEqual(['I take it']);
    telegram.press(of('11'), 'I take it');
    await answered(1);
    expect(rig.decisions).toEqual([{ envelope: 'run-1/ask', by: 'ana', verdict: 'acknowledge' }]);
  });

  test('settling survives a Telegram that does not take the edit', async () => {
    await ask({}, ANA);
    telegram.fail({
      match: /editMessageText/,
      status: 500,
      body: { ok: false, error_code: 500, description: 'Internal' },
    });
    await rig.notify.settle('run-1/ask', 'approved');
    expect(rig.warnings).toEqual([expect.stringContaining('still shows its buttons')]);
    telegram.press(of('11'), 'Deny');
    await answered(1);
    expect(of('11').buttons).toEqual([]);
    await rig.notify.settle('run-1/ask', 'denied');
    expect(await rig.notify.inbox({})).toMatchObject([{ state: 'approved' }]);
  });

  test('a press while nobody listens is heard after the restart', async () => {
    await ask({}, ANA);
    await rig.notify.close();
    telegram.press(of('11'), 'Approve');
    rig.start(config());
    await answered(1);
    expect(rig.decisions).toMatchObject([{ by: 'ana', verdict: 'approve' }]);
  });
});

describe('one reader a bot', () => {
  test('two tenants share it; each hears its own', async () => {
    const other = new Rig();
    const members = [{ ...ANA, role: 'Adult' as const, contacts: [...ANA.contacts] }];
    other.start(config(), { tenant: { name: 'jones', timezone: 'UTC', members, notify: config() } });
    await vi.waitFor(() => expect(telegram.polls()).toBe(1));
    await other.notify.open(envelopeOf({ tenant: 'jones', id: 'j/ask' }), [ANA], options('j'));
    telegram.press(telegram.messages[0] as never, 'Approve');
    await vi.waitFor(() => expect(other.decisions).toHaveLength(1));
    expect(rig.decisions).toEqual([]);
    await other.end();
    await rig.notify.open(envelopeOf(), [ANA], options('s'));
    telegram.press(telegram.messages.at(-1) as never, 'Approve');
    await vi.waitFor(() => expect(rig.decisions).toHaveLength(1));
    expect(telegram.requests.filter(({ path }) => path.endsWith('getMe'))).toHaveLength(1);
  });

  test('another program that reads it: said, and messages still go out', async () => {
    await vi.waitFor(() => expect(telegram.polls()).toBe(1));
    telegram.conflict();
    await vi.waitFor(() =>
      expect(rig.warnings).toEqual([expect.stringMatching(/something else reads this bot; next attempt in 5 s/)]),
    );
    expect(await rig.notify.send(message('Hi'), options())).toMatchObject({ via: 'telegram' });
  });
});

describe('texts', () => {
  test('splitting loses nothing and cuts where one reads on', () => {
    expect(split('')).toEqual(['…']);
    expect(split('short')).toEqual(['short']);
    expect(split(`${'a'.repeat(7)} bbb ccc`, 10)).toEqual(['aaaaaaa', 'bbb ccc']);
    expect(split('One two. Three four', 12)).toEqual(['One two.', 'Three four']);
    expect(split('x'.repeat(25), 10)).toEqual(['x'.repeat(10), 'x'.repeat(10), 'x'.repeat(5)]);
    const faces = split('😀'.repeat(11), 5);
    expect(faces.join('')).toBe('😀'.repeat(11));
    expect(faces.every((part) => part.length <= 5 && part.isWellFormed())).toBe(true);
  });

  test('HTML', () => expect(escapeHtml('<b>&"')).toBe('&lt;b&gt;&amp;"'));
});
