import { type Channel, VerbFailure } from '../../core/ports/automation.ts';
import { redactor } from '../../core/redact.ts';

/** In the place of a channel that can't be made: it says why. */
export function brokenChannel(name: string, kind: Channel['kind'], why: string): Channel {
  return {
    name,
    kind,
    reaches: ({ contacts }) => kind === null || contacts.some((contact) => contact.kind === kind),
    send: () => Promise.reject(new VerbFailure('auth', why)),
    check: () => Promise.resolve({ ok: false, detail: redactor.text(why) }),
  };
}
