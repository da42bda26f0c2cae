import { EXIT_CODES, type ExitName } from './exit-codes.ts';

/**
 * Every error an operator can meet, by stable code. `docs/errors.md` is generated from this table:
 * add a row here, never a bare string elsewhere.
 */
export const ERROR_CODES = {
  BAD_INPUT: { exit: 'usage', doc: 'A flag, argument or file does not have the form it must have.' },
  BAD_DOCUMENT: {
    exit: 'usage',
    doc: 'A document (tenant.yaml, pack.yaml, a fixture) does not match its schema or rules; the message points at line and column.',
  },
  TENANT_EXISTS: { exit: 'conflict', doc: 'A tenant of that name is registered already.' },
  TENANT_NOT_FOUND: { exit: 'notFound', doc: 'No tenant of that name is registered.' },
  NOT_FOUND: { exit: 'notFound', doc: 'The named thing does not exist.' },
  CONFLICT: { exit: 'conflict', doc: 'It changed since it was read, or two changes clash.' },
  LOCKED: { exit: 'locked', doc: 'Another run holds the lock. It is released by the kernel when that run ends.' },
  HOST_UNREACHABLE: { exit: 'unreachable', doc: 'No connection to the host could be made or kept.' },
  HOST_KEY_UNKNOWN: {
    exit: 'unreachable',
    doc: 'The host key is not pinned yet; check its fingerprint, then use --accept-new.',
  },
  HOST_KEY_CHANGED: {
    exit: 'unreachable',
    doc: 'The host key is not the pinned one: the machine was replaced, or somebody listens in.',
  },
  HOST_AUTH: { exit: 'unreachable', doc: 'The host refused every key that was offered.' },
  HOST_UNFIT: { exit: 'hostUnfit', doc: 'The host lacks something that chp needs.' },
  AGENT_FAILED: { exit: 'unexpected', doc: 'The host agent answered with a fault of its own, or not in the protocol.' },
  UNHEALTHY: {
    exit: 'unhealthy',
    doc: 'A required check failed after activation; the previous generation was put back.',
  },
  CONFIG_REFUSED: { exit: 'unhealthy', doc: 'The gateway would refuse the configuration; nothing was switched.' },
  ENGINE_UNAVAILABLE: { exit: 'engine', doc: 'An engine could not be found, downloaded or built.' },
  ENGINE_FAILED: { exit: 'engine', doc: 'An engine ran and failed.' },
  STATE_STUCK: {
    exit: 'engine',
    doc: "The Pulumi state has operations that never ended. chp clears them by itself; this is what is left where it can't.",
  },
  REGISTRY_CORRUPT: { exit: 'integrity', doc: 'The registry file is damaged.' },
  REGISTRY_NEWER: { exit: 'integrity', doc: 'The registry was written by a newer chp; upgrade this one.' },
  REGISTRY_UNAVAILABLE: {
    exit: 'unreachable',
    doc: 'The registry file or database cannot be opened, read or written.',
  },
  AUDIT_BROKEN: { exit: 'integrity', doc: 'The audit chain has an edited, missing or reordered entry.' },
  INTEGRITY: { exit: 'integrity', doc: 'A digest or signature does not match its content.' },
  UNTRUSTED: {
    exit: 'integrity',
    doc: 'No trusted key signed it: it is unsigned, or signed by a key that is not pinned, revoked or expired; or a catalogue’s own statement is expired, or older than one seen before.',
  },
  DEADLINE: { exit: 'timeout', doc: 'A step did not finish in its time.' },
  INTERRUPTED: { exit: 'interrupted', doc: 'A signal ended the run.' },
  INTERNAL: { exit: 'unexpected', doc: 'A fault in chp.' },
} as const satisfies Record<string, { exit: ExitName; doc: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What an operator needs beside the message. */
export interface ErrorHelp {
  /** Why it happened, one sentence. */
  why?: string;
  /** What to do next: commands or actions, most likely first. */
  next?: readonly string[];
  /** Machine-readable facts for --json. Never secrets. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** The only error class that reaches an operator: says what, why and what next. */
export class ChpError extends Error {
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly next: readonly string[];
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, help: ErrorHelp = {}) {
    super(message, help.cause === undefined ? undefined : { cause: help.cause });
    this.name = 'ChpError';
    this.code = code;
    this.why = help.why;
    this.next = help.next ?? [];
    this.details = help.details ?? {};
  }

  /** Process exit code, from the one table. */
  get exitCode(): number {
    return EXIT_CODES[ERROR_CODES[this.code].exit].code;
  }

  /** The shape printed under `error` by --json. */
  toJSON(): {
    code: ErrorCode;
    message: string;
    why?: string;
    next: readonly string[];
    details: Record<string, unknown>;
  } {
    return {
      code: this.code,
      message: this.message,
      ...(this.why === undefined ? {} : { why: this.why }),
      next: this.next,
      details: this.details,
    };
  }
}
