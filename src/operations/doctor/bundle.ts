import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { isScalar, parseDocument, visit } from 'yaml';
import { isSecretByName, isSecretName, looksSecret, maskSecrets } from '../../core/documents/looks-secret.ts';
import { ChpError } from '../../core/errors.ts';
import { HIDDEN } from '../../core/redact.ts';
import { TAR_END, tarHeader, tarPadding } from '../../core/tar.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { listEngines } from '../engines.ts';
import { openForLook } from '../known-host.ts';
import type { Diagnosis } from './diagnose.ts';

const LOG_LINES = 500;
const LOG_MS = 20_000;
const AUDIT_ENTRIES = 500;
/** Of tenant.yaml: whom they belong to is nobody's business who helps. */
const PERSONAL = ['address', 'phone', 'email'];

const ABOUT = `What this is: an archive for support, written by "chp doctor --bundle".

doctor.json    what was found; versions.json, audit.json: this machine
tenants/NAME/  tenant.yaml, record, jobs and generations as recorded; status and the last lines of logs from the host

Values of secrets, keys and tokens are hidden, and so are people's addresses. What people said may stand in logs: look
before you hand it on.
`;

interface Member {
  path: string;
  text: string;
}

export interface SupportBundle {
  file: string;
  /** Bytes. */
  size: number;
  members: string[];
}

/**
 * Writes an archive (tar, 0600) that tells a helper what was found and what is around it, without any secret.
 * @throws CONFLICT where the file is there already; BAD_INPUT where it can't be made
 */
export async function writeSupportBundle(context: Context, diagnosis: Diagnosis, file: string): Promise<SupportBundle> {
  const names = diagnosis.reports.flatMap(({ tenant }) => tenant ?? []);
  const members = [
    { path: 'README.txt', text: ABOUT },
    json('doctor.json', diagnosis),
    json('versions.json', {
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      engines: await listEngines(context),
    }),
    ...(await auditMember(context)),
    ...(await Promise.all(names.map((name) => tenantMembers(context, name)))).flat(),
  ].map(({ path, text }) => ({ path, text: context.redact(text) }));
  const bytes = tarOf(members);
  writeOnce(resolve(file), bytes);
  return { file: resolve(file), size: bytes.byteLength, members: members.map(({ path }) => path) };
}

const json = (path: string, value: unknown): Member => ({ path, text: `${JSON.stringify(value, null, 2)}\n` });

async function auditMember(context: Context): Promise<Member[]> {
  // It may be just what is wrong.
  const entries = await tried(async () => (await context.registry()).audit({ limit: AUDIT_ENTRIES }));
  return [json('audit.json', entries)];
}

async function tenantMembers(context: Context, name: string): Promise<Member[]> {
  const at = (path: string): string => `tenants/${name}/${path}`;
  const ofHost = hostMembers(context, name).catch((error: Error) => [json('status.json', { problem: error.message })]);
  const registry = await context.registry();
  const { document, ...record } = await registry.tenant(name);
  const generations = await registry.generations(name);
  return [
    { path: at('tenant.yaml'), text: withoutSecrets(document) },
    json(at('record.json'), record),
    json(at('jobs.json'), await registry.jobs(name)),
    json(
      at('generations.json'),
      generations.map(({ signed: _, ...generation }) => generation),
    ),
    ...(await ofHost).map(({ path, text }) => ({ path: at(path), text })),
  ];
}

async function hostMembers(context: Context, name: string): Promise<Member[]> {
  const { tenant } = await loadTenant(context, name);
  await using host = await openForLook(context, tenant);
  const agent = host.agent();
  if (!agent) throw new ChpError('NOT_FOUND', 'chp is not installed on the host');
  const status = await agent.status(name);
  const logs = await Promise.all(
    status.services.map(async ({ name: service }) => {
      const lines: string[] = [];
      const options = { service, lines: LOG_LINES, follow: false, redact: true };
      const failed = await tried(() =>
        agent.logs(name, options, (line) => lines.push(line), AbortSignal.timeout(LOG_MS)),
      );
      return {
        path: `logs/${service}.txt`,
        text: `${maskSecrets(lines.join('\n'))}\n${failed ? JSON.stringify(failed) : ''}`,
      };
    }),
  );
  return [json('status.json', status), ...logs];
}

/** What can't be read is told in its place: the rest is of use all the same. */
async function tried<T>(read: () => Promise<T>): Promise<T | { problem: string }> {
  return read().catch((error: Error) => ({ problem: error.message }));
}

/** tenant.yaml, comments and all, with what looks secret or personal hidden. Pure. */
export function withoutSecrets(document: string): string {
  const yaml = parseDocument(document);
  visit(yaml, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || !isScalar(pair.value) || typeof pair.value.value !== 'string') return;
      const [key, value] = [String(pair.key.value), pair.value.value];
      if (PERSONAL.includes(key) || (isSecretByName(key, value) && !isSecretName(value))) pair.value.value = HIDDEN;
    },
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && looksSecret(scalar.value)) scalar.value = HIDDEN;
    },
  });
  return yaml.errors.length > 0 ? '(no YAML)\n' : String(yaml);
}

function tarOf(members: readonly Member[]): Buffer {
  const parts = members.flatMap(({ path, text }) => {
    const bytes = Buffer.from(text);
    const header = tarHeader({ path, type: 'file', mode: 0o600, size: bytes.byteLength, target: '' });
    return [header, bytes, tarPadding(bytes.byteLength)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

/** Whole or not at all, and never over something. */
function writeOnce(path: string, bytes: Buffer): void {
  const staged = `${path}.${process.pid}.new`;
  try {
    const handle = openSync(staged, 'wx', 0o600);
    try {
      writeSync(handle, bytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    linkSync(staged, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new ChpError('CONFLICT', `${path} is there already`, { next: ['Name another file.'] });
    throw new ChpError('BAD_INPUT', `${path} can't be written: ${message}`);
  } finally {
    rmSync(staged, { force: true });
  }
}
