import { compilePack } from '../../../src/packs/compile.ts';
import type { CompiledPack } from '../../../src/packs/compiled.ts';
import type { PackDocument, PackStep } from '../../../src/packs/schema.ts';

/** A pack of the tests, compiled. */
export function pack(steps: PackStep[], more: Partial<PackDocument> = {}): CompiledPack {
  const document: PackDocument = {
    schema: 1,
    id: 'brief',
    version: '1.0.0',
    description: 'A pack of the tests.',
    authors: ['chp'],
    licence: 'Apache-2.0',
    triggers: [{ manual: true }],
    requires: { connectors: ['twilio', 'home-assistant'] },
    ...more,
    steps: steps as PackDocument['steps'],
  };
  return compilePack(document, new Map());
}

export const tell = (text: string, to = 'ana') => ({ uses: 'notify', with: { to, text } });
/** Twilio does not know idempotency keys for these: nobody can tell afterwards whether one was sent. */
export const sms = (text: string) => ({
  uses: 'connector.call',
  with: { connector: 'twilio', operation: 'send-sms', args: { to: '+4915112345678', text } },
});
/** A call can be found again. */
export const phone = {
  uses: 'connector.call',
  with: { connector: 'twilio', operation: 'call', args: { to: '+4915112345678', say: 'Hello.' } },
};
export const approve = (more: object = {}) => ({
  uses: 'approve',
  with: { summary: 'Unlock the door', roles: ['Admin', 'Adult'], ...more },
});
export const unlock = {
  uses: 'device.call',
  with: { device: 'lock.front_door', action: 'unlock' },
  risk: 'high' as const,
};
