import { type ChildProcess, spawn } from 'node:child_process';
import { type FakeGoogle, startGoogle } from '../fakes/google.ts';
import { type FakeHome, startHomeAssistant } from '../fakes/home-assistant.ts';
import { type FakeTelegram, startTelegram } from '../fakes/telegram.ts';
import { FAKE_ACCOUNT, type FakeTwilio, startTwilio } from '../fakes/twilio.ts';
import type { TestHost, TestHosts } from '../hosts/hosts.ts';
import { startModel, type TestModel } from './model.ts';
import { freePort } from './temporal.ts';

export const DOOR = 'lock.front_door';
export const OMA = '+4915112345678';
const PUBLIC = 'https://hub.example/twilio';
const HOOKS_PORT = 18_999;
/** How long the lock turns: time enough to kill who asked for it. */
const TURNS_MS = 2_000;

/** What a family's hub reaches: its calendar, its home, the telephone network, Telegram and a model. */
export interface Family extends AsyncDisposable {
  google: FakeGoogle;
  home: FakeHome;
  twilio: FakeTwilio;
  telegram: FakeTelegram;
  model: TestModel;
  /** tenant.yaml of a hub that uses all of them. */
  document: string;
  secrets: Record<string, string>;
}

/** On the bridge between this machine and its test hosts; Twilio comes in to the hub by a tunnel, as it does at home. */
export async function startFamily(hosts: TestHosts, hub: TestHost, answer: TestModel['answer']): Promise<Family> {
  const { stdout } = await hub.exec('sh', '-c', "ip route show default | cut -d' ' -f3");
  const host = stdout.trim();
  const tunnel = await openTunnel(hosts, hub);
  const [google, home, twilio, telegram, model] = await Promise.all([
    startGoogle({ host, calendars: [calendar()] }),
    startHomeAssistant({
      host,
      devices: [
        {
          entity_id: DOOR,
          state: 'locked',
          attributes: { friendly_name: 'Front door' },
          behaviour: { settlesMs: TURNS_MS },
        },
      ],
    }),
    startTwilio({ host, route: (url) => url.replace(PUBLIC, tunnel.url) }),
    startTelegram({ host, chats: [11, 22, 33] }),
    startModel(answer, host),
  ]);
  const urls = { google: google.url, home: home.url, twilio: twilio.url, telegram: telegram.url, model: model.url };
  return {
    ...{ google, home, twilio, telegram, model },
    document: documentOf(hub.alias, urls),
    secrets: {
      GOOGLE_CLIENT_ID: 'client-1',
      GOOGLE_CLIENT_SECRET: 'client-secret-1',
      GOOGLE_REFRESH_TOKEN: 'refresh-token-1',
      HOME_ASSISTANT_TOKEN: 'home-token-1',
      TWILIO_ACCOUNT_SID: FAKE_ACCOUNT,
      TWILIO_AUTH_TOKEN: 'twilio-token-1',
      TELEGRAM_TOKEN: '1000:AAbot-token-1',
    },
    async [Symbol.asyncDispose]() {
      tunnel.child.kill();
      await Promise.all([google, home, twilio, telegram].map((fake) => fake.close()));
      await model[Symbol.asyncDispose]();
    },
  };
}

function calendar() {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short' }).format();
  const event = (summary: string, from: string, to: string) => ({
    summary,
    start: { dateTime: `${day}T${from}:00`, timeZone: 'Europe/Berlin' },
    end: { dateTime: `${day}T${to}:00`, timeZone: 'Europe/Berlin' },
  });
  return {
    id: 'family@example.com',
    summary: 'Family',
    timeZone: 'Europe/Berlin',
    accessRole: 'owner' as const,
    events: [event('School play', '09:00', '10:00'), event('Dentist (Ben)', '09:30', '10:00')],
  };
}

async function openTunnel(hosts: TestHosts, hub: TestHost): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = spawn(
    'ssh',
    [
      ...['-F', hosts.sshConfig, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-N'],
      ...['-L', `127.0.0.1:${port}:127.0.0.1:${HOOKS_PORT}`, hub.alias],
    ],
    { stdio: 'ignore' },
  );
  return { child, url: `http://127.0.0.1:${port}` };
}

const documentOf = (
  host: string,
  urls: Record<'google' | 'home' | 'twilio' | 'telegram' | 'model', string>,
) => `schema: 1
name: smith
topology: hub
host: ${host}
timezone: Europe/Berlin
model: { provider: openai-compatible, baseUrl: "${urls.model}", id: scripted }
skills:
${['mental-load', 'tools', 'telephony', 'elder-care'].map((name) => `  - { name: ${name}, source: "builtin:${name}" }`).join('\n')}
members:
  - { id: ana, name: Ana, role: Admin, contacts: [{ kind: telegram, address: "11" }] }
  - { id: ben, name: Ben, role: Adult, contacts: [{ kind: telegram, address: "22" }] }
  - { id: cleo, name: Cleo, role: Child, contacts: [{ kind: telegram, address: "33" }] }
connectors:
  google-calendar: { url: "${urls.google}" }
  home-assistant: { url: "${urls.home}" }
  twilio:
    url: "${urls.twilio}"
    settings: { from: "+15005550006", publicUrl: "${PUBLIC}", port: ${HOOKS_PORT} }
notify:
  telegram: { secret: TELEGRAM_TOKEN, url: "${urls.telegram}" }
`;
