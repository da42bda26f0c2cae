import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeNotify } from '../../../src/services/notify/index.ts';
import { type FakeTelegram, startTelegram } from '../../fakes/telegram.ts';
import { ANA, envelopeOf, options, TOKEN } from '../../unit/services/notify/support.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
let dir: string;
let telegram: FakeTelegram;
const children: ChildProcess[] = [];

const partsOf = (url: string) => ({
  tenant: {
    name: 'smith',
    timezone: 'UTC',
    members: [{ ...ANA, role: 'Adult' as const, contacts: [...ANA.contacts] }],
    notify: { telegram: { tokenSecret: 'BOT', apiUrl: url } },
  },
  dataDir: dir,
  secret: () => TOKEN,
  warn: () => {},
});

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chp-notify-crash-'));
  telegram = await startTelegram({ token: TOKEN, chats: [11] });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await telegram.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A notifier in a process of its own, which asks and then is killed without a word. */
async function askAndDie(url: string): Promise<void> {
  const script = `
    import { makeNotify } from '${ROOT}/src/services/notify/index.ts';
    const { parts, envelope, to } = JSON.parse(process.env.PARTS);
    const notify = makeNotify({ ...parts, secret: () => '${TOKEN}', warn: () => {} });
    const signal = new AbortController().signal;
    await notify.send({ to, text: 'Hello', urgency: 'normal' }, { key: 'm', signal });
    await notify.open(envelope, [to], { key: 'q', signal });
    process.stdout.write('asked\\n');
    setInterval(() => {}, 1000);`;
  const PARTS = JSON.stringify({ parts: partsOf(url), envelope: envelopeOf(), to: ANA });
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: { ...process.env, PARTS },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }), 'line');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('killed: the question stands, nobody is asked twice, the old button works', async () => {
  await askAndDie(telegram.url);
  expect(telegram.messages).toHaveLength(2);
  const notify = makeNotify(partsOf(telegram.url));
  const decided = Promise.withResolvers<{ by: string }>();
  notify.onDecision(async (decision) => decided.resolve(decision));
  expect(await notify.inbox({ open: true })).toMatchObject([{ id: 'run-1/ask', state: 'open' }]);
  await notify.send({ to: ANA, text: 'Hello', urgency: 'normal' }, options('m'));
  await notify.open(envelopeOf(), [ANA], options('q'));
  expect(telegram.messages).toHaveLength(2);
  telegram.press(telegram.messages[1] as (typeof telegram.messages)[0], 'Approve');
  expect(await decided.promise).toMatchObject({ by: 'ana', verdict: 'approve' });
  await notify.close();
});

test('every fake starts as a process, says where it is, and ends when told', async () => {
  for (const name of ['google', 'caldav', 'home-assistant', 'twilio', 'telegram', 'webhook']) {
    const child = spawn(
      process.execPath,
      [join(ROOT, 'test', 'fakes', 'main.ts'), name, '--options', '{"token":"1:x"}'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    const [line] = (await once(
      createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }),
      'line',
    )) as [string];
    const { url } = JSON.parse(line) as { url: string };
    expect((await fetch(`${url}/nowhere`)).status).toBeGreaterThanOrEqual(400);
    child.kill();
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});
