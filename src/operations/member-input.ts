import { ChpError } from '../core/errors.ts';
import { CONTACT_KINDS, type Member, type Role } from '../core/tenant/schema.ts';

export interface MemberFlags {
  id: string;
  name: string;
  role: Role;
  contact?: string[] | undefined;
  'quiet-hours'?: string | undefined;
}

/** A member from flags. The rest of its form is checked with the document. @throws BAD_INPUT */
export function memberFrom({ id, name, role, contact, 'quiet-hours': quiet }: MemberFlags): Member {
  const contacts = contact?.map((text) => {
    const [, kind, address] = /^([a-z]+):(.+)$/.exec(text) ?? [];
    const known = CONTACT_KINDS.find((candidate) => candidate === kind);
    if (!known || !address)
      throw new ChpError('BAD_INPUT', `"${text}" is no contact`, {
        next: [`Write it as kind:address, with one of ${CONTACT_KINDS.join(', ')}.`],
      });
    return { kind: known, address };
  });
  const [, from, to] = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(quiet ?? '') ?? [];
  if (quiet !== undefined && (!from || !to))
    throw new ChpError('BAD_INPUT', `"${quiet}" are no quiet hours`, { next: ['Write them as 22:00-07:00.'] });
  return { id, name, role, ...(contacts ? { contacts } : {}), ...(from && to ? { quietHours: { from, to } } : {}) };
}
