import { addMember as addToDocument, editDocument, removeEntry } from '../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { ChpError } from '../core/errors.ts';
import type { Member } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';
import { type EditOutcome, editTenantDocument, loadTenant } from './edit-tenant.ts';

// Members live in the registry: nothing of them is on the host yet, so nothing is pushed.
const STAGE = true;

/** @throws CONFLICT when the id is taken */
export function addMember(context: Context, name: string, member: Member): Promise<EditOutcome> {
  return editTenantDocument(
    context,
    name,
    { kind: 'member', details: { add: member.id, role: member.role }, stage: STAGE },
    async (document) => {
      if (parseTenant(document, `${name}/tenant.yaml`).tenant.members.some(({ id }) => id === member.id))
        throw new ChpError('CONFLICT', `${name} has a member "${member.id}" already`, {
          next: [`chp member list ${name}`],
        });
      return editDocument(document, `${name}/tenant.yaml`, (yaml) => addToDocument(yaml, member));
    },
  );
}

/** @throws NOT_FOUND */
export function removeMember(context: Context, name: string, id: string): Promise<EditOutcome> {
  return editTenantDocument(
    context,
    name,
    { kind: 'member', details: { remove: id }, stage: STAGE },
    async (document) => {
      if (!parseTenant(document, `${name}/tenant.yaml`).tenant.members.some((member) => member.id === id))
        throw new ChpError('NOT_FOUND', `${name} has no member "${id}"`, { next: [`chp member list ${name}`] });
      return editDocument(document, `${name}/tenant.yaml`, (yaml) => void removeEntry(yaml, 'members', 'id', id));
    },
  );
}

export async function listMembers(context: Context, name: string): Promise<Member[]> {
  return (await loadTenant(context, name)).tenant.members;
}
