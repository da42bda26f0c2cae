import { isMap, isSeq } from 'yaml';
import { append, editDocument } from '../../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import { ChpError } from '../../core/errors.ts';
import { type PackRequest, parseRequest } from '../../packs/resolve.ts';
import type { Context } from '../context.ts';
import { type EditOutcome, editTenantDocument } from '../edit-tenant.ts';
import { lockPacks, type PackChange, withPacksKept } from './lock-packs.ts';

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
  options: InstallOptions,
): Promise<PackOutcome> {
  const request = parseRequest(wanted);
  let changes: PackChange[] = [];
  const outcome = await withPacksKept(context, name, () =>
    editTenantDocument(
      context,
      name,
      { kind: 'pack', details: { install: request.id, want: request.want }, stage: options.stage, alsoChanged: true },
      async (document) => {
        const text = editDocument(document, file(name), (yaml) => {
          const entry = entryOf(yaml, request.id);
          if (entry === null) append(yaml, 'packs', newEntry(request, options.inputs));
          else {
            if (request.want !== 'stable') {
              entry.delete('version');
              entry.delete('channel');
              for (const [key, value] of Object.entries(versionFields(request.want))) entry.set(key, value);
            }
            if (request.catalogue !== null) entry.set('catalogue', request.catalogue);
            for (const [input, value] of Object.entries(options.inputs))
              entry.setIn(['inputs', input], yaml.createNode(value));
          }
        });
        const { tenant } = parseTenant(text, file(name));
        changes = await lockPacks(context, tenant, { refresh: [request.id], allowYanked: options.allowYanked });
        return text;
      },
    ),
  );
  return { ...outcome, changes };
}

/** Takes the newest version that each entry allows. `id` undefined: all packs. @throws as `installPack` */
export async function upgradePacks(
  context: Context,
  name: string,
  id: string | undefined,
  stage: boolean,
): Promise<PackOutcome> {
  let changes: PackChange[] = [];
  const outcome = await withPacksKept(context, name, () =>
    editTenantDocument(
      context,
      name,
      { kind: 'pack', details: { upgrade: id ?? 'all' }, stage, alsoChanged: true },
      async (document) => {
        const { tenant } = parseTenant(document, file(name));
        if (id !== undefined && !tenant.packs.some((pack) => pack.id === id))
          throw new ChpError('NOT_FOUND', `${name} has no pack "${id}"`, { next: [`chp pack list ${name}`] });
        changes = await lockPacks(context, tenant, { refresh: id === undefined ? 'all' : [id] });
        return document;
      },
    ),
  );
  return { ...outcome, changes };
}

/** Runs that go on keep the pack they began with. @throws NOT_FOUND; CONFLICT while another pack needs it */
export async function removePack(context: Context, name: string, id: string, stage: boolean): Promise<PackOutcome> {
  let changes: PackChange[] = [];
  const outcome = await withPacksKept(context, name, () =>
    editTenantDocument(context, name, { kind: 'pack', details: { remove: id }, stage }, async (document) => {
      const text = editDocument(document, file(name), (yaml) => {
        const list = yaml.get('packs', true);
        const index = isSeq(list) ? list.items.findIndex((item) => isMap(item) && item.get('id') === id) : -1;
        if (!isSeq(list) || index < 0)
          throw new ChpError('NOT_FOUND', `${name} has no pack "${id}"`, { next: [`chp pack list ${name}`] });
        list.delete(index);
        if (list.items.length === 0) yaml.delete('packs');
      });
      changes = await lockPacks(context, parseTenant(text, file(name)).tenant, { refresh: [] });
      return text;
    }),
  );
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
