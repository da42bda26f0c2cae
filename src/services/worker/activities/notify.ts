import { type Recipient, VerbFailure } from '../../../core/ports/automation.ts';
import type { Acts } from '../../../packs/verbs/acts.ts';
import { activity } from './activity.ts';
import type { TenantServices } from './services.ts';

export const notify = ({ notify: notifier, recipients, effects, sealer, tenant }: TenantServices) =>
  activity(async (call, options) => {
    const { to, text, urgency } = call.with as Acts['notify']['with'];
    const message = { to: recipientOf(recipients, to), text, urgency };
    // The notifier knows what it sent by the key: said twice at worst, when the power goes between the two.
    return effects.once({ key: call.key, tenant, verb: 'notify', idempotent: true }, sealer, () =>
      notifier.send(message, options),
    );
  });

/** @throws VerbFailure not-found */
export function recipientOf(recipients: ReadonlyMap<string, Recipient>, id: string): Recipient {
  const recipient = recipients.get(id);
  if (recipient) return recipient;
  throw new VerbFailure('not-found', `the tenant has no member "${id}"`);
}
