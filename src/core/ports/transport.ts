import type { Readable, Writable } from 'node:stream';

export interface ExecOptions {
  /** Sent to stdin, which is then closed. */
  input?: string | Uint8Array | Readable;
  /** As root: through `sudo -n` when the login user isn't root. @throws HOST_UNFIT where sudo refuses. */
  root?: boolean;
  /** Default 60,000. @throws DEADLINE */
  deadlineMs?: number;
  signal?: AbortSignal;
}

export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A running process on the host, for the agent's protocol. */
export interface ProcessChannel {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Resolves with the exit code, or null when the connection went first. */
  exited: Promise<number | null>;
  /** Why the connection went; null = it stands. */
  lost?(): string | null;
  /** Ends it on the host, and here; resolves when that is done or can't be. */
  kill(): Promise<void>;
}

/** How commands reach a host: SSH, this machine, later `kubectl exec` and SSM. Arguments are never parsed by a shell of ours. */
export interface Transport {
  /** For messages: `ops@hub.example:22` or `this machine`. */
  readonly target: string;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  open(argv: readonly string[], options?: Pick<ExecOptions, 'root' | 'signal'>): Promise<ProcessChannel>;
  close(): Promise<void>;
}
