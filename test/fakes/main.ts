import { parseArgs } from 'node:util';
import { startCaldav } from './caldav.ts';
import { startGoogle } from './google.ts';
import { startHomeAssistant } from './home-assistant.ts';
import type { Fake } from './server.ts';
import { startTelegram } from './telegram.ts';
import { startTwilio } from './twilio.ts';
import { startWebhook } from './webhook.ts';

/** `node test/fakes/main.ts NAME [--port N] [--host H] [--options JSON]`: a fake as a process; says its address when it listens. */
const FAKES: Record<string, (options: object) => Promise<Fake>> = {
  google: startGoogle,
  caldav: startCaldav,
  'home-assistant': startHomeAssistant,
  twilio: startTwilio,
  telegram: startTelegram,
  webhook: startWebhook,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string' }, host: { type: 'string' }, options: { type: 'string' } },
});
const start = FAKES[positionals[0] ?? ''];
if (!start) {
  process.stderr.write(`a fake is one of ${Object.keys(FAKES).join(', ')}\n`);
  process.exit(2);
}
const { port, host, options = '{}' } = values;
const fake = await start({
  ...(port === undefined ? {} : { port: Number(port) }),
  ...(host === undefined ? {} : { host }),
  ...(JSON.parse(options) as object),
});
process.stdout.write(`${JSON.stringify({ url: fake.url })}\n`);
process.once('SIGTERM', () => void fake.close().then(() => process.exit(0)));
