import { join } from 'node:path';
import type { AgentPort, Channel, MemberMessage, Notify } from '../../core/ports/automation.ts';
import { redactor } from '../../core/redact.ts';
import type { WorkerTenant } from '../../core/worker-protocol.ts';
import { brokenChannel } from './broken.ts';
import { Decisions } from './decisions.ts';
import { Envelopes } from './envelopes.ts';
import { gatewayTelegram } from './gateway-chat.ts';
import { Outbox } from './outbox.ts';
import { Router } from './router.ts';
import { Store } from './store.ts';
import { type TelegramParts, telegramChannel } from './telegram/channel.ts';
import { webhookChannel } from './webhook.ts';

export interface NotifyInput {
  tenant: Pick<WorkerTenant, 'name' | 'timezone' | 'members' | 'notify'>;
  /** Value of a secret by its name. */
  secret: (name: string) => string | undefined;
  /** The tenant's private folder for what must survive a restart. */
  dataDir: string;
  /** Writes by chats that the gateway owns. */
  agent?: AgentPort;
  /** Faults that nobody waits for the answer of; secrets are hidden already. */
  warn: (message: string) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/**
 * The ways to a family. One that can't be made is passed over, and says why where nothing else takes a message. A further
 * way (push, SMS, voice, quiet hours) is one more `Channel`.
 */
export function makeNotify(input: NotifyInput): Notify {
  const now = input.now ?? Date.now;
  const warn = (message: string) => input.warn(redactor.text(`notify: ${message}`));
  const store = Store.open(join(input.dataDir, 'notify'), now(), warn);
  const envelopes = new Envelopes(store, now);
  const outbox = new Outbox(store, now);
  const decisions = new Decisions(envelopes, warn);
  let heard: (message: MemberMessage) => Promise<void> = async () => {};
  const channels = [
    telegramOf({ ...input, warn }, { envelopes, outbox, decisions, written: (message) => heard(message) }),
    webhookOf(input, outbox, now),
  ].filter((channel) => channel !== null);
  return new Router({
    envelopes,
    outbox,
    decisions,
    channels,
    timezone: input.tenant.timezone,
    warn,
    onMessage: (handler) => {
      heard = handler;
    },
    close: async () => {
      await Promise.all(channels.map((channel) => channel.close?.()));
      store.close();
    },
  });
}

function telegramOf(
  { tenant, secret, agent, warn }: NotifyInput,
  parts: Pick<TelegramParts, 'envelopes' | 'outbox' | 'decisions' | 'written'>,
): Channel | null {
  const config = tenant.notify.telegram;
  if (!config) return null;
  if ('gateway' in config) return gatewayTelegram(agent);
  const token = secret(config.tokenSecret);
  if (!token) return brokenChannel('telegram', 'telegram', missing(config.tokenSecret, tenant.name));
  redactor.add(token);
  const { name, timezone, members } = tenant;
  return telegramChannel({ ...parts, tenant: name, timezone, members, token, apiUrl: config.apiUrl, warn });
}

function webhookOf({ tenant, secret }: NotifyInput, outbox: Outbox, now: () => number): Channel | null {
  const config = tenant.notify.webhook;
  if (!config) return null;
  const signing = config.signingSecret === undefined ? undefined : secret(config.signingSecret);
  if (config.signingSecret !== undefined && !signing)
    // Unsigned it could be taken for anybody's.
    return brokenChannel('webhook', null, missing(config.signingSecret, tenant.name));
  if (signing) redactor.add(signing);
  return webhookChannel(config.url, signing, outbox, now);
}

const missing = (secret: string, tenant: string) => `no value for ${secret}; chp secret set ${tenant} ${secret}`;
