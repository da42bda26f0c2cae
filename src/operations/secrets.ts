import { randomBytes } from 'node:crypto';
import { append, editDocument, removeEntry } from '../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { ChpError } from '../core/errors.ts';
import { SECRET_NAME_PATTERN } from '../core/names.ts';
import { GATEWAY_TOKEN, MADE_BY_CHP, PAYLOAD_KEY, steersProcess } from '../core/secret-names.ts';
import type { Context } from './context.ts';
import { type EditOutcome, editTenantDocument, loadTenant } from './edit-tenant.ts';
import { neededSecrets } from './needed-secrets.ts';
import { storeSecret } from './store-secret.ts';

export interface SecretView {
  name: string;
  set: boolean;
  /** The document or chp itself refers to it. */
  needed: boolean;
  updatedAt: string | null;
}

const MAX_BYTES = 64 * 1024;

/** Encrypts a secret to the tenant's host, and pushes it. The document is told of it when nothing refers to it yet. */
export async function setSecret(
  context: Context,
  name: string,
  secret: string,
  value: string,
  stage: boolean,
): Promise<EditOutcome> {
  assertSecret(secret, value);
  if (MADE_BY_CHP.has(secret))
    throw new ChpError('BAD_INPUT', `${secret} is chp's own`, {
      next: secret === GATEWAY_TOKEN ? [`chp secret rotate ${name} ${secret}`] : [],
    });
  return replaceSecret(context, name, secret, value, stage);
}

/** A new gateway token, or a new value for any other secret. @throws BAD_INPUT when there is no value to rotate to */
export async function rotateSecret(
  context: Context,
  name: string,
  secret: string,
  value: string | undefined,
): Promise<EditOutcome> {
  const registry = await context.registry();
  await registry.tenant(name);
  if (!(await registry.secrets(name)).some((known) => known.name === secret))
    throw new ChpError('NOT_FOUND', `${name} has no secret ${secret}`, { next: [`chp secret list ${name}`] });
  if (secret === PAYLOAD_KEY)
    throw new ChpError('BAD_INPUT', `${secret} can't be rotated`, {
      why: 'Histories of runs are encrypted with it, and runs that go on would be lost.',
    });
  const next = secret === GATEWAY_TOKEN ? randomBytes(32).toString('base64url') : value;
  if (next === undefined)
    throw new ChpError('BAD_INPUT', `chp can't make a new ${secret} by itself`, {
      next: [`Get a new one where it comes from, then: chp secret rotate ${name} ${secret} < FILE`],
    });
  assertSecret(secret, next);
  return replaceSecret(context, name, secret, next, false);
}

async function replaceSecret(
  context: Context,
  name: string,
  secret: string,
  value: string,
  stage: boolean,
): Promise<EditOutcome> {
  const registry = await context.registry();
  return editTenantDocument(
    context,
    name,
    { kind: 'secret', details: { set: secret }, stage, alsoChanged: true },
    async (document) => {
      const { recipient } = await registry.tenant(name);
      if (!recipient)
        throw new ChpError('CONFLICT', `${name} has no identity to encrypt to yet`, {
          next: [`chp tenant apply ${name}`],
        });
      await storeSecret(registry, name, recipient, secret, value);
      const { tenant } = parseTenant(document, `${name}/tenant.yaml`);
      if (neededSecrets(tenant).includes(secret)) return document;
      return editDocument(document, `${name}/tenant.yaml`, (yaml) => append(yaml, 'secrets', secret));
    },
  );
}

/** @throws NOT_FOUND; CONFLICT while the document's model, channels or config refer to it */
export function removeSecret(context: Context, name: string, secret: string, stage: boolean): Promise<EditOutcome> {
  return editTenantDocument(
    context,
    name,
    { kind: 'secret', details: { remove: secret }, stage, alsoChanged: true },
    async (document) => {
      const registry = await context.registry();
      if (!(await registry.secrets(name)).some((known) => known.name === secret))
        throw new ChpError('NOT_FOUND', `${name} has no secret ${secret}`, { next: [`chp secret list ${name}`] });
      const text = editDocument(
        document,
        `${name}/tenant.yaml`,
        (yaml) => void removeEntry(yaml, 'secrets', null, secret),
      );
      const { tenant } = parseTenant(text, `${name}/tenant.yaml`);
      if (neededSecrets(tenant).includes(secret))
        throw new ChpError('CONFLICT', `${name} still needs ${secret}`, {
          why: 'Its model, a channel or its config refers to it.',
          next: [`chp tenant export ${name}`],
        });
      await registry.removeSecret(name, secret);
      return text;
    },
  );
}

/** Names only: values can be read on the tenant's host and nowhere else. */
export async function listSecrets(context: Context, name: string): Promise<SecretView[]> {
  const { tenant } = await loadTenant(context, name);
  const stored = new Map((await (await context.registry()).secrets(name)).map((secret) => [secret.name, secret]));
  const needed = new Set(neededSecrets(tenant));
  return [...new Set([...needed, ...stored.keys()])].sort().map((secret) => ({
    name: secret,
    set: stored.has(secret),
    needed: needed.has(secret),
    updatedAt: stored.get(secret)?.updatedAt ?? null,
  }));
}

export function assertSecret(name: string, value: string): void {
  if (!new RegExp(SECRET_NAME_PATTERN).test(name))
    throw new ChpError('BAD_INPUT', `"${name}" can't be a secret's name`, {
      next: ['Write it as a variable: ANTHROPIC_API_KEY'],
    });
  if (steersProcess(name))
    throw new ChpError('BAD_INPUT', `"${name}" can't be a secret's name`, {
      why: 'It would take the place of a variable that the gateway itself needs.',
      next: ['Choose another name, and refer to it as ${NAME}.'],
    });
  if (value === '' || value.includes('\0') || Buffer.byteLength(value) > MAX_BYTES)
    throw new ChpError('BAD_INPUT', `the value of ${name} is empty, too large or not text`);
}
