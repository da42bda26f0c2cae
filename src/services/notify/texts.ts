import type { Envelope } from '../../core/ports/automation.ts';

const MAX_VALUE = 300;

/** What an approver reads: what would be done, how bad it could be, until when. */
export function questionText(envelope: Envelope, timezone: string): string {
  const until = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, dateStyle: 'medium', timeStyle: 'short' });
  const head = envelope.kind === 'approve' ? `May this be done? (${envelope.risk} risk)` : 'Can you take this?';
  const details = Object.entries(envelope.details).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name}: ${text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text}`;
  });
  const quorum = envelope.quorum > 1 ? [`${envelope.quorum} people must say yes.`] : [];
  return [head, envelope.summary, ...details, ...quorum, `Until ${until.format(new Date(envelope.expiresAt))}.`].join(
    '\n',
  );
}

const ENDS: Record<Envelope['state'], string> = {
  open: 'Open',
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Expired: nobody answered in time',
  acknowledged: 'Somebody takes it',
  overridden: 'Done by hand',
};

export const endText = (state: Envelope['state']): string => ENDS[state];
