import type { Member, TenantDocument } from '../../core/tenant/schema.ts';
import type { SemanticProblem } from './semantic-problem.ts';

type Contact = NonNullable<Member['contacts']>[number];

/** What an address of a kind looks like. `push` is whatever its service says. */
const ADDRESS: Record<Contact['kind'], { form: RegExp; is: string }> = {
  telegram: { form: /^(-?\d{1,20}|@[A-Za-z]\w{3,31})$/, is: 'a numeric chat id, or @name' },
  sms: { form: /^\+[1-9]\d{6,14}$/, is: 'a number with country code, such as +4915112345678' },
  voice: { form: /^\+[1-9]\d{6,14}$/, is: 'a number with country code, such as +4915112345678' },
  email: { form: /^[^\s@]+@[^\s@]+$/, is: 'an address such as ana@example.org' },
  push: { form: /./, is: 'what its service gave' },
};

/** Members: ids once each, contacts that can be reached, quiet hours that end. Pure. */
export function memberProblems({ members = [] }: TenantDocument): SemanticProblem[] {
  return members.flatMap(({ id, contacts = [], quietHours }, index) => {
    const problems: SemanticProblem[] = [];
    if (members.findIndex((other) => other.id === id) < index)
      problems.push({ path: ['members', index, 'id'], message: `a second member with id "${id}"` });
    for (const [place, { kind, address }] of contacts.entries()) {
      const path = ['members', index, 'contacts', place, 'address'];
      if (!ADDRESS[kind].form.test(address))
        problems.push({ path, message: `"${address}" is no ${kind} address: it is ${ADDRESS[kind].is}` });
      if (contacts.findIndex((other) => other.kind === kind && other.address === address) < place)
        problems.push({ path, message: `a second ${kind} contact "${address}"` });
    }
    if (quietHours && quietHours.from === quietHours.to)
      problems.push({
        path: ['members', index, 'quietHours'],
        message: `quiet hours from ${quietHours.from} to ${quietHours.to} have no end`,
      });
    return problems;
  });
}
