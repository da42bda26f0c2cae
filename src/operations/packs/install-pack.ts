import { isMap, isSeq } from 'yaml';
import { append, editDocument, removeEntry } from '../../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import { type PackRequest, parseRequest } from '../../packs/resolve.ts';
import type { Context } from '../context.ts';
import { type EditOutcome, editTenantDocument } from '../edit-tenant.ts';
import { type LockOptions, lockPacks, type PackChange, packEntry } from './lock-packs.ts';

export interface PackOutcome extends EditOutcome {
  changes: PackChange[];
}

export interface InstallOptions {
  inputs: Readonly<Record<string, unknown>>;
  stage: boolean;
  allowYanked: boolean;
}

const file = (name: string): string => `${name}/tenant.yaml`;

/**
 * Installs a pack, or gives an installed one other inputs or another version: records it in the document, locks the version,
 * and pushes it. Nothing is changed unless everything that it needs is there.
 *
 * @throws NOT_FOUND, UNTRUSTED, INTEGRITY, BAD_INPUT naming what is missing; all of a push, after which all is as before
 */
export async function installPack(
  context: Context,
  name: string,
  wanted: string,
  { inputs, stage, allowYanked }: InstallOptions,
): Promise<PackOutcome> {
  const request = parseRequest(wanted);
  const how = { details: { install: request.id, want: request.want }, stage, refresh: [request.id], allowYanked };
  return editPacks(context, name, how, (document) =>
    editDocument(document, file(name), (yaml) => {
      const entry = entryOf(yaml, request.id);
      if (entry === null) {
        append(yaml, 'packs', newEntry(request, inputs));
        return;
      }
      if (request.want !== 'stable') {
        entry.delete('version');
        entry.delete('channel');
        for (const [key, value] of Object.entries(versionFields(request.want))) entry.set(key, value);
      }
      if (request.catalogue !== null) entry.set('catalogue', request.catalogue);
      for (const [input, value] of Object.entries(inputs)) entry.setIn(['inputs', input], yaml.createNode(value));
    }),
  );
}

/** Takes the newest version that each entry allows. `id` undefined: all packs. @throws as `installPack` */
export async function upgradePacks(
  context: Context,
  name: string,
  id: string | undefined,
  stage: boolean,
): Promise<PackOutcome> {
  const how = { details: { upgrade: id ?? 'all' }, stage, refresh: id === undefined ? ('all' as const) : [id] };
  return editPacks(context, name, how, (document) => {
    if (id !== undefined) packEntry(parseTenant(document, file(name)).tenant, id);
    return document;
  });
}

/** Runs that go on keep the pack they began with. @throws NOT_FOUND; BAD_INPUT while another pack needs it */
export async function removePack(context: Context, name: string, id: string, stage: boolean): Promise<PackOutcome> {
  return editPacks(context, name, { details: { remove: id }, stage, refresh: [] }, (document) => {
    packEntry(parseTenant(document, file(name)).tenant, id);
    return editDocument(document, file(name), (yaml) => void removeEntry(yaml, 'packs', 'id', id));
  });
}

/** Changes the document, locks what it then means, and pushes. */
async function editPacks(
  context: Context,
  name: string,
  { details, stage, ...lock }: LockOptions & { details: Record<string, unknown>; stage: boolean },
  edit: (document: string) => string,
): Promise<PackOutcome> {
  let changes: PackChange[] = [];
  const how = { kind: 'pack' as const, details, stage, alsoChanged: true };
  const outcome = await editTenantDocument(context, name, how, async (document) => {
    const text = edit(document);
    changes = await lockPacks(context, parseTenant(text, file(name)).tenant, lock);
    return text;
  });
  return { ...outcome, changes };
}

function entryOf(yaml: Parameters<Parameters<typeof editDocument>[2]>[0], id: string) {
  const list = yaml.get('packs', true);
  const item = isSeq(list) ? list.items.find((one) => isMap(one) && one.get('id') === id) : undefined;
  return isMap(item) ? item : null;
}

function newEntry({ id, want, catalogue }: PackRequest, inputs: Readonly<Record<string, unknown>>) {
  return {
    id,
    ...(want === 'stable' ? {} : versionFields(want)),
    ...(catalogue === null ? {} : { catalogue }),
    ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
  };
}

/** A version or range begins with a digit or an operator; all else is a channel. */
const versionFields = (want: string): { version: string } | { channel: string } =>
  /^[\d^~<>=*]/.test(want) ? { version: want } : { channel: want };
