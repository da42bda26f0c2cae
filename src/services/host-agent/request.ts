import { posix } from 'node:path';
import type { AgentRequest, BlobHeader } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { Frame } from '../../core/frames.ts';
import type { GenerationManifest, SignedGeneration } from '../../core/generation.ts';
import { BASE_IMAGE } from '../../core/host-layout.ts';
import { HOST_READING_NAMES } from '../../core/host-readings.ts';
import { assertTenantName, BACKUP_PLACE_PATTERN, IMAGE_PATTERN } from '../../core/names.ts';
import { WORKER_METHODS, type WorkerMethod } from '../../core/worker-protocol.ts';

type Check = (value: unknown) => boolean;
const isString: Check = (value) => typeof value === 'string';
const isDigest: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isCount =
  (max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
const isBoolean: Check = (value) => typeof value === 'boolean';
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isRepository: Check = (value) =>
  value === null || (typeof value === 'string' && new RegExp(BACKUP_PLACE_PATTERN).test(value));
const isService: Check = (value) => typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,62}$/.test(value);

/** What each request must carry beside `op` and `tenant`. */
const FORMS: Record<Exclude<AgentRequest['op'], 'confirm' | 'revert'>, Record<string, Check>> = {
  facts: {},
  status: {},
  apply: {
    generation: isSignedGeneration,
    confirmWithinS: isCount(3600),
    keep: optional(isCount(100)),
    rollback: optional((value) => isObject(value) && ['keep', 'restore', null].includes(value.state as string)),
    drainS: optional(isCount(3600)),
    soakS: optional(isCount(86_400)),
  },
  rehearse: { generation: isSignedGeneration },
  measure: { trees: (value) => Array.isArray(value) && value.every(isDigest) },
  recover: {},
  check: {},
  doctor: {
    readings: (value) => Array.isArray(value) && value.every((name) => HOST_READING_NAMES.includes(name)),
    paths: (value) => Array.isArray(value) && value.length <= 200 && value.every(isString),
    since: isCount(Number.MAX_SAFE_INTEGER),
    deep: (value) => typeof value === 'boolean',
  },
  gateway: { method: isString },
  worker: { method: (value) => WORKER_METHODS.includes(value as WorkerMethod) },
  generations: {},
  'rewind-plan': { generation: isSignedGeneration },
  pin: { generation: isDigest, pinned: isBoolean },
  prune: { keep: isCount(100), dryRun: isBoolean },
  backup: {
    work: (value) => ['create', 'list', 'verify', 'restore', 'drill'].includes(value as string),
    repository: (value) => isObject(value) && isString(value.key) && isRepository(value.to),
    keep: optional((value) => isObject(value) && Object.values(value).every(isCount(1000))),
    id: optional((value) => value === null || (typeof value === 'string' && /^[0-9a-f]{4,64}$/.test(value))),
  },
  logs: { service: isService, lines: isCount(100_000), follow: isBoolean },
  remove: {},
};

/** @throws ChpError AGENT_FAILED when it is no request of the protocol; BAD_INPUT on a bad tenant name */
export function assertRequest(frame: Frame | undefined): Exclude<AgentRequest, { op: 'confirm' | 'revert' }> {
  const value = frame?.kind === 'json' ? frame.value : undefined;
  if (!isObject(value)) throw new ChpError('AGENT_FAILED', 'no request came');
  const op = String(value.op);
  const form = Object.hasOwn(FORMS, op) ? FORMS[op as keyof typeof FORMS] : undefined;
  const wrong = form && Object.entries(form).find(([key, holds]) => !holds(value[key]))?.[0];
  if (!form || wrong !== undefined)
    throw new ChpError('AGENT_FAILED', `the request "${op}" is not in the protocol`, {
      ...(wrong === undefined ? {} : { why: `"${wrong}" does not have the form it must have.` }),
      next: ['chp tenant apply installs the agent that belongs to this chp.'],
    });
  if (op !== 'facts') assertTenantName(typeof value.tenant === 'string' ? value.tenant : '');
  return value as Exclude<AgentRequest, { op: 'confirm' | 'revert' }>;
}

/** A header for something that was asked for. @throws ChpError AGENT_FAILED */
export function assertBlobHeader(frame: Frame, wanted: { objects: Digest[]; trees: Digest[] }): BlobHeader {
  const header = (frame.kind === 'json' ? frame.value : undefined) as BlobHeader | undefined;
  const asked = header?.kind === 'tree' ? wanted.trees : header?.kind === 'object' ? wanted.objects : [];
  if (header && asked.includes(header.blob) && isCount(Number.MAX_SAFE_INTEGER)(header.size)) return header;
  throw new ChpError('AGENT_FAILED', 'something else came than the files that were asked for');
}

function isSignedGeneration(value: unknown): boolean {
  const { manifest, digest, signature } = (value ?? {}) as Partial<SignedGeneration>;
  return isObject(manifest) && isDigest(digest) && isString(signature);
}

/**
 * What a signed manifest may say of this host: no path outside its own folder, names that are fit for units and files.
 * @throws ChpError INTEGRITY
 */
export function assertManifest(manifest: GenerationManifest): void {
  const refuse = (what: string) => {
    throw new ChpError('INTEGRITY', `the generation can't be used: ${what}`);
  };
  if (manifest.schema !== 1) refuse(`its schema is ${manifest.schema}, this agent knows 1`);
  if (!isDigest(manifest.runtime.node) || !isDigest(manifest.runtime.app)) refuse('its runtime has no digest');
  for (const { path, sha256 } of manifest.files) {
    if (posix.isAbsolute(path) || posix.normalize(path) !== path || path.split('/').includes('..') || path === '.')
      refuse(`"${path}" would leave its folder`);
    if (!isDigest(sha256)) refuse(`"${path}" has no digest`);
  }
  for (const [name, digest] of Object.entries(manifest.trees ?? {}))
    if (!isService(name) || !isDigest(digest)) refuse(`"${name}" can't be a tree`);
  for (const { name, env, credentials, image = BASE_IMAGE } of manifest.services) {
    if (!isService(name)) refuse(`"${name}" can't be a service`);
    if (!new RegExp(IMAGE_PATTERN).test(image)) refuse(`"${image}" can't be an image`);
    for (const variable of [...Object.keys(env), ...credentials])
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) refuse(`"${variable}" can't be a variable`);
  }
  if (!manifest.files.some(({ path }) => path === 'config/gateway.json')) refuse('it has no config/gateway.json');
}
