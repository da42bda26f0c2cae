import { addMember as addToDocument, editDocument, removeEntry } from '../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { hasAutomation } from '../core/automation.ts';
import { ChpError } from '../core/errors.ts';
import type { Member } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';
import { type EditOutcome, editTenantDocument, loadTenant } from './edit-tenant.ts';

/** @throws CONFLICT when the id is taken */
export async function addMember(context: Context, name: string, member: Member): Promise<EditOutcome> {
  return editTenantDocument(
    context,
    name,
    { kind: 'member', details: { add: member.id, role: member.role }, stage: await onlyRecorded(context, name) },
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
export async function removeMember(context: Context, name: string, id: string): Promise<EditOutcome> {
  return editTenantDocument(
    context,
    name,
    { kind: 'member', details: { remove: id }, stage: await onlyRecorded(context, name) },
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

/** Members are on the host only where a worker asks and tells them. */
async function onlyRecorded(context: Context, name: string): Promise<boolean> {
  return !hasAutomation((await loadTenant(context, name)).tenant);
}
