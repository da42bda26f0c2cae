import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, setGlobalProxyFromEnv } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { retryAfterMs } from '../../../../src/core/http.ts';
import type { Connector } from '../../../../src/core/ports/automation.ts';
import type { ConnectorConfig } from '../../../../src/core/worker-protocol.ts';
import { CONNECTORS } from '../../../../src/packs/connectors/index.ts';
import { makeConnectors } from '../../../../src/services/connectors/index.ts';
import { type FakeGoogle, startGoogle } from '../../../fakes/google.ts';
import { failureOf, options } from './support.ts';

const dir = mkdtempSync(join(tmpdir(), 'chp-connectors-'));
const SECRETS: Record<string, string> = {
  GOOGLE_CLIENT_ID: 'client-1',
  GOOGLE_CLIENT_SECRET: 'client-secret-1',
  OUR_REFRESH: 'refresh-token-1',
  HOME_ASSISTANT_TOKEN: 'home-token-1',
  TWILIO_ACCOUNT_SID: 'AC1',
  TWILIO_AUTH_TOKEN: 'twilio-canary-token',
};
let google: FakeGoogle;
let made: Map<string, Connector>;

const make = (connectors: Record<string, Partial<ConnectorConfig>>, secrets = SECRETS) => {
  made = makeConnectors({
    tenant: {
      name: 'smith',
      timezone: 'Europe/Berlin',
      connectors: Object.fromEntries(
        Object.entries(connectors).map(([name, config]) => [name, { secrets: {}, settings: {}, ...config }]),
      ),
    },
    secret: (name) => secrets[name],
    dataDir: dir,
    warn: () => {},
  });
  return made;
};
const fault = async (name: string) => {
  const it = made.get(name) as Connector;
  const failure = await failureOf(
    it.call(Object.keys(CONNECTORS[name]?.operations ?? { x: 1 })[0] ?? '', {}, options()),
  );
  expect(await it.check(options().signal)).toEqual({ ok: false, detail: failure.message });
  return { kind: failure.kind, message: failure.message };
};

beforeAll(async () => {
  google = await startGoogle();
});
afterEach(async () => {
  for (const connector of made.values()) await connector.close?.();
});
afterAll(async () => {
  await google.close();
  rmSync(dir, { recursive: true, force: true });
});

test('each connector of the tables has its maker, and each of its operations is done', async () => {
  make(
    Object.fromEntries(
      Object.keys(CONNECTORS).map((name) => [
        name,
        { url: google.url, settings: name === 'twilio' ? { from: '+15005550006' } : {} },
      ]),
    ),
    {
      ...SECRETS,
      GOOGLE_REFRESH_TOKEN: 'r-1',
      CALDAV_USERNAME: 'ana',
      CALDAV_PASSWORD: 'p-1',
    },
  );
  for (const [name, { operations }] of Object.entries(CONNECTORS))
    for (const operation of Object.keys(operations)) {
      const failure = await failureOf((made.get(name) as Connector).call(operation, { nonsense: 1 }, options()));
      expect(failure.message).toMatch(/must NOT have additional properties/);
    }
});

test('a secret by the name the tenant gives it', async () => {
  make({ 'google-calendar': { url: google.url, secrets: { refreshToken: 'OUR_REFRESH' } } });
  expect(await made.get('google-calendar')?.check(options().signal)).toMatchObject({ ok: true });
});

describe('what can’t be made says why, and the others work', () => {
  test('missing secrets are named, with the command that supplies them', async () => {
    make({ 'google-calendar': { url: google.url }, twilio: { settings: { from: '+15005550006' } } });
    expect(await fault('google-calendar')).toEqual({
      kind: 'auth',
      message: 'google-calendar: no value for GOOGLE_REFRESH_TOKEN; chp secret set smith GOOGLE_REFRESH_TOKEN',
    });
    expect(made.get('twilio')?.idempotent('call')).toBe(true);
  });

  test('an alternative secret is enough', async () => {
    make({ 'google-calendar': { url: google.url } }, { GOOGLE_SERVICE_ACCOUNT: '{"client_email": "canary"' });
    expect(await fault('google-calendar')).toMatchObject({
      kind: 'auth',
      message: expect.stringMatching(/^google-calendar: the service account is not/),
    });
  });

  test('no address, wrong settings, an unknown name', async () => {
    make({ 'home-assistant': {}, twilio: { settings: { from: 'me', colour: 'red' } }, fridge: {} });
    expect(await fault('home-assistant')).toMatchObject({ kind: 'refused', message: expect.stringContaining('url') });
    expect((await fault('twilio')).message).toMatch(/settings must NOT have additional.*settings\/from must match/);
    expect(await fault('fridge')).toMatchObject({ kind: 'undeclared' });
  });
});

test('values are hidden in what the other side says of them', async () => {
  make({ 'google-calendar': { url: google.url } }, { ...SECRETS, GOOGLE_REFRESH_TOKEN: 'refresh-canary-9' });
  google.fail({
    match: /token/,
    status: 400,
    body: { error: 'invalid_grant', error_description: 'not refresh-canary-9' },
  });
  expect(await made.get('google-calendar')?.check(options().signal)).toEqual({
    ok: false,
    detail: 'Google sign-in refused: invalid_grant not [hidden]',
  });
});

test('proxies of the process are used', async () => {
  const through: string[] = [];
  const proxy = createServer((_, response) => response.writeHead(500).end());
  proxy.on('connect', (request: IncomingMessage, socket) => {
    through.push(request.url ?? '');
    const [host = '', port] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host.replace('calendar.example', '127.0.0.1'), () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const restore = setGlobalProxyFromEnv({ http_proxy: url });
  try {
    const port = new URL(google.url).port;
    make({ 'google-calendar': { url: `http://calendar.example:${port}`, secrets: { refreshToken: 'OUR_REFRESH' } } });
    expect(await made.get('google-calendar')?.check(options().signal)).toMatchObject({ ok: true });
    expect(through).toContain(`calendar.example:${port}`);
  } finally {
    restore();
    proxy.closeAllConnections();
    proxy.close();
  }
});

test.each([
  ['7', 7000],
  ['0', 0],
  ['1.5', 1500],
  ['Wed, 25 Nov 2026 10:00:30 GMT', 30_000],
  ['Wed, 25 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
])('Retry-After: %s', (value, ms) => {
  expect(retryAfterMs(new Headers({ 'retry-after': value }), Date.UTC(2026, 10, 25, 10))).toBe(ms);
});
