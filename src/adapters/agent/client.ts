import type { Readable } from 'node:stream';
import type {
  AgentEvent,
  AgentRequest,
  ApplyCare,
  ApplyResult,
  BlobHeader,
  CheckResult,
  DoctorRequest,
  HostRoom,
  HostStatus,
  Rehearsal,
} from '../../core/agent-protocol.ts';
import type { BackupRepository, BackupWork } from '../../core/backups.ts';
import type { Digest } from '../../core/digest.ts';
import type { FrameWriter } from '../../core/frames.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import type { HostGenerations, PruneResult, RewindPlan } from '../../core/host-generations.ts';
import { hostLayout, nodeBinary } from '../../core/host-layout.ts';
import type { Reading } from '../../core/host-readings.ts';
import type { ProcessChannel, Transport } from '../../core/ports/transport.ts';
import type { WorkerMethod } from '../../core/worker-protocol.ts';
import { callAgent, type Session } from './call.ts';

export interface Blob {
  /** Bytes. */
  size: number;
  stream: Readable;
}

/** Where the bytes come from that a host may lack. */
export interface BlobSource {
  object(digest: Digest): Promise<Blob>;
  tree(digest: Digest): Promise<Blob>;
}

export interface ApplyOptions {
  /** Called with the checks that passed; true = commit. */
  confirm(checks: CheckResult[]): Promise<boolean>;
  confirmWithinS: number;
  /** Stops it: the host puts back what it began, and says so. */
  signal?: AbortSignal;
  /** Activate even what runs already. */
  force?: boolean;
  /** How many generations the host keeps from now on. */
  keep?: number;
  /** It is gone back to; `state` says what becomes of the gateway's state where the runtime changes. */
  rollback?: { state: 'keep' | 'restore' | null };
  care?: ApplyCare;
  onEvent(event: AgentEvent): void;
}

/** What the agent says of itself and of its host. */
export interface AgentFacts {
  protocol: number;
  node: string;
  root: string;
  nodeTree: Digest;
}

/** The operator's side of the host agent's protocol, over any transport. Each call is one process on the host. */
export class AgentClient {
  readonly #transport: Promise<Transport>;
  readonly #argv: readonly string[];
  readonly #asRoot: boolean;
  #started: Promise<ProcessChannel> | undefined;

  /**
   * `transport` may still be on its way. `asRoot`: on hosts where chp has the system's root folder; else the agent runs
   * as the login user.
   */
  constructor(transport: Transport | Promise<Transport>, host: { root: string; nodeTree: Digest; asRoot: boolean }) {
    this.#transport = Promise.resolve(transport);
    this.#transport.catch(() => {});
    this.#asRoot = host.asRoot;
    this.#argv = [
      nodeBinary(host.root, host.nodeTree),
      '--no-warnings',
      hostLayout(host.root).agent,
      'serve',
      '--root',
      host.root,
    ];
  }

  /** Starts the agent for the next call, which then need not wait for it. Resolves when it runs. @throws HOST_* errors */
  async start(): Promise<void> {
    this.#started ??= this.#transport.then((transport) => transport.open(this.#argv, { root: this.#asRoot }));
    await this.#started;
  }

  /** Ends an agent that was started and is not asked anything. */
  async stop(): Promise<void> {
    const channel = await this.#started?.catch(() => undefined);
    this.#started = undefined;
    channel?.kill();
  }

  /** Protocol and node of the agent, and what its host is. */
  facts(): Promise<AgentFacts> {
    return this.#call({ op: 'facts' }) as Promise<AgentFacts>;
  }

  status(tenant: string): Promise<HostStatus> {
    return this.#call({ op: 'status', tenant }) as Promise<HostStatus>;
  }

  /** `trees`: those that an upgrade would need. */
  measure(tenant: string, trees: readonly Digest[]): Promise<HostRoom> {
    return this.#call({ op: 'measure', tenant, trees: [...trees] }) as Promise<HostRoom>;
  }

  check(tenant: string, onEvent: (event: AgentEvent) => void = () => {}): Promise<CheckResult[]> {
    return this.#call({ op: 'check', tenant }, (session) => ({ ...session, onEvent })) as Promise<CheckResult[]>;
  }

  /** Readings as they come; resolves when all have been told, or given up. */
  async doctor(
    tenant: string,
    request: DoctorRequest,
    onReading: (reading: Reading) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const told = new AbortController();
    try {
      await this.#call({ op: 'doctor', tenant, ...request }, (session) => {
        // Nobody waits for it any more; what hangs there is not waited for, either.
        const stop = (): void => void session.channel.kill();
        signal.addEventListener('abort', stop, { once: true, signal: told.signal });
        return { ...session, onEvent: (event) => (event.event === 'reading' ? onReading(event.reading) : undefined) };
      });
    } finally {
      told.abort();
    }
  }

  recover(tenant: string): Promise<{ outcome: 'committed' | 'reverted' | null }> {
    return this.#call({ op: 'recover', tenant }) as Promise<{ outcome: 'committed' | 'reverted' | null }>;
  }

  generations(tenant: string): Promise<HostGenerations> {
    return this.#call({ op: 'generations', tenant }) as Promise<HostGenerations>;
  }

  rewindPlan(tenant: string, generation: SignedGeneration): Promise<RewindPlan> {
    return this.#call({ op: 'rewind-plan', tenant, generation }) as Promise<RewindPlan>;
  }

  /** @throws NOT_FOUND where one that is not on the host is to be pinned */
  async pin(tenant: string, generation: Digest, pinned: boolean): Promise<void> {
    await this.#call({ op: 'pin', tenant, generation, pinned });
  }

  prune(tenant: string, keep: number, dryRun: boolean): Promise<PruneResult> {
    return this.#call({ op: 'prune', tenant, keep, dryRun }) as Promise<PruneResult>;
  }

  /** What it answers depends on the work: see core/backups.ts. @throws HOST_UNFIT where there is no restic */
  backup<T>(
    tenant: string,
    repository: BackupRepository,
    work: BackupWork,
    onEvent: (event: AgentEvent) => void = () => {},
  ): Promise<T> {
    return this.#call({ op: 'backup', tenant, repository, ...work }, (session) => ({
      ...session,
      onEvent,
    })) as Promise<T>;
  }

  gateway(tenant: string, method: string, params: unknown): Promise<unknown> {
    return this.#call({ op: 'gateway', tenant, method, params });
  }

  /** @throws NOT_FOUND where no worker runs */
  worker(tenant: string, method: WorkerMethod, params: unknown): Promise<unknown> {
    return this.#call({ op: 'worker', tenant, method, params });
  }

  async remove(tenant: string): Promise<void> {
    await this.#call({ op: 'remove', tenant });
  }

  async logs(
    tenant: string,
    options: { service: string; lines: number; follow: boolean; redact?: boolean },
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call({ op: 'logs', tenant, ...options }, (session) => {
      signal.addEventListener('abort', () => session.channel.stdin.end(), { once: true });
      return { ...session, onEvent: (event) => (event.event === 'log' ? onLine(event.line) : undefined) };
    });
  }

  /**
   * Sends what the host lacks and activates the generation there.
   * @throws whatever the host says, as ChpError; HOST_UNREACHABLE when the connection is cut (the host then goes back by itself)
   */
  async apply(
    tenant: string,
    generation: SignedGeneration,
    blobs: BlobSource,
    options: ApplyOptions,
  ): Promise<ApplyResult> {
    const checks: CheckResult[] = [];
    const { signal = new AbortController().signal, confirmWithinS, force = false, keep, rollback } = options;
    const wanted = {
      confirmWithinS,
      force,
      ...(keep === undefined ? {} : { keep }),
      ...(rollback ? { rollback } : {}),
      ...options.care,
    };
    const answer = async (writer: FrameWriter, event: AgentEvent): Promise<void> => {
      options.onEvent(event);
      if (event.event === 'check') checks.push(event.check);
      if (event.event !== 'awaiting-confirm') return;
      const op = (await options.confirm(checks)) ? 'confirm' : 'revert';
      if (!signal.aborted) await writer.json({ op });
    };
    return (await this.#feed({ op: 'apply', tenant, generation, ...wanted }, blobs, signal, answer)) as ApplyResult;
  }

  /** Plays the upgrade to a generation through, on a copy of the state. @throws HOST_UNFIT, CONFIG_REFUSED, UNHEALTHY */
  async rehearse(
    tenant: string,
    generation: SignedGeneration,
    blobs: BlobSource,
    options: { signal: AbortSignal; onEvent(event: AgentEvent): void },
  ): Promise<Rehearsal> {
    const answer = async (_: FrameWriter, event: AgentEvent): Promise<void> => options.onEvent(event);
    return (await this.#feed({ op: 'rehearse', tenant, generation }, blobs, options.signal, answer)) as Rehearsal;
  }

  /** One request during which the host asks for what it lacks. */
  async #feed(
    request: AgentRequest,
    blobs: BlobSource,
    signal: AbortSignal,
    further: (writer: FrameWriter, event: AgentEvent) => Promise<void>,
  ): Promise<unknown> {
    const answer = async (writer: FrameWriter, event: AgentEvent): Promise<void> => {
      await further(writer, event);
      if (event.event !== 'need') return;
      for (const digest of event.trees)
        await sendBlob(writer, { blob: digest, kind: 'tree' }, await blobs.tree(digest), signal);
      for (const digest of event.objects)
        await sendBlob(writer, { blob: digest, kind: 'object' }, await blobs.object(digest), signal);
    };
    const stopped = new AbortController();
    try {
      return await this.#call(request, (session) => {
        const stop = (): void => void session.channel.stdin.end();
        signal.addEventListener('abort', stop, { once: true, signal: stopped.signal });
        if (signal.aborted) stop();
        const onEvent = (event: AgentEvent): Promise<void> =>
          answer(session.writer, event).catch((error: unknown) => {
            // Nothing is sent any more, and what the host makes of that is still to come.
            if (!signal.aborted) throw error;
          });
        return { ...session, onEvent };
      });
    } finally {
      stopped.abort();
    }
  }

  async #call(request: AgentRequest, wire: (session: Session) => Session = (session) => session): Promise<unknown> {
    await this.start();
    const { target } = await this.#transport;
    const channel = (await this.#started) as ProcessChannel;
    this.#started = undefined;
    return await callAgent(channel, target, request, wire);
  }
}

async function sendBlob(
  writer: FrameWriter,
  header: Omit<BlobHeader, 'size'>,
  { size, stream }: Blob,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await writer.json({ ...header, size } satisfies BlobHeader);
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    signal.throwIfAborted();
    await writer.raw(chunk);
  }
}
