import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeHome, startHomeAssistant } from '../../fakes/home-assistant.ts';
import { FAKE_ACCOUNT, type FakeTwilio, startTwilio } from '../../fakes/twilio.ts';
import { startTemporal, type TestTemporal } from '../../support/temporal.ts';
import { type TestTenant, type TestWorker, testWorker } from '../../support/worker.ts';

/** A worker with its Temporal server, and what it reaches. */
export interface World extends AsyncDisposable {
  dir: string;
  temporal: TestTemporal;
  worker: TestWorker;
  twilio: FakeTwilio;
  home: FakeHome;
  /** Of a tenant that has both. */
  connectors: NonNullable<TestTenant['connectors']>;
}

export async function startWorld(
  tenants: (connectors: World['connectors']) => TestTenant[],
  env: NodeJS.ProcessEnv = {},
): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'chp-world-'));
  const [temporal, twilio, home] = await Promise.all([
    startTemporal(dir),
    startTwilio({ callees: { '+4915112345678': { does: 'answer' } } }),
    startHomeAssistant({ devices: [{ entity_id: 'lock.front_door', state: 'locked' }] }),
  ]);
  const connectors: World['connectors'] = {
    twilio: {
      url: twilio.url,
      secrets: { accountSid: 'TWILIO_ACCOUNT_SID', authToken: 'TWILIO_AUTH_TOKEN' },
      settings: { from: '+15005550006' },
    },
    'home-assistant': { url: home.url, secrets: { token: 'HOME_ASSISTANT_TOKEN' }, settings: {} },
  };
  const secrets = {
    TWILIO_ACCOUNT_SID: FAKE_ACCOUNT,
    TWILIO_AUTH_TOKEN: 'twilio-token-1',
    HOME_ASSISTANT_TOKEN: 'home-token-1',
  };
  const worker = await testWorker({
    dir,
    temporal: temporal.address,
    tenants: tenants(connectors),
    env: { ...secrets, ...env },
  });
  return {
    dir,
    temporal,
    worker,
    twilio,
    home,
    connectors,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await Promise.all([temporal[Symbol.asyncDispose](), twilio.close(), home.close()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
