import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeSSH } from 'node-ssh';
import { ChpError } from '../../core/errors.ts';
import { chpHome } from '../../core/home.ts';
import type { SshTarget } from './config.ts';
import { explainLogin, type FailedLogin, isPassing } from './faults.ts';
import { forward } from './forward.ts';
import type { HostKeyConsent } from './host-key.ts';
import { type AskPassphrase, Identities } from './identities.ts';
import { login } from './login.ts';
import { Patience } from './patience.ts';
import { nameOf, routeTo } from './route.ts';
import { type SshConnection, standing } from './standing.ts';
import { commandWire, tcpWire, type Wire } from './wire.ts';

export interface SshOptions extends HostKeyConsent {
  /** Asked on a terminal for a key's passphrase; absent in pipelines. */
  passphrase?: AskPassphrase;
  /** Ends an attempt to connect: INTERRUPTED. */
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

/** For one hop, unless ConnectTimeout says otherwise. */
const READY_S = 20;
const ALIVE_S = 10;
const ALIVE_COUNT = 3;
const RETRY_AFTER_MS = [500, 1_500];

/**
 * Logs in, hop by hop. Only connecting is tried again, never a command.
 * @throws ChpError BAD_INPUT, HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_AUTH, INTERRUPTED
 */
export async function connectSsh(text: string, options: SshOptions): Promise<SshConnection> {
  const connecting = new Connecting(routeTo(text, options.env ?? process.env), options);
  for (let attempt = 0; ; attempt++) {
    const outcome = await connecting.attempt();
    if (!(outcome instanceof Failure)) return outcome;
    if (outcome.again === 'now') continue;
    const wait = outcome.again === 'later' ? RETRY_AFTER_MS[attempt] : undefined;
    if (wait === undefined) throw outcome.fault;
    await sleep(wait, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {});
  }
}

class Failure {
  readonly fault: unknown;
  /** Whether another attempt may go better. */
  readonly again: 'now' | 'later' | 'never';
  constructor(fault: unknown, again: Failure['again'] = 'never') {
    this.fault = fault;
    this.again = again;
  }
}

class Connecting {
  readonly #route: readonly SshTarget[];
  readonly #options: SshOptions;
  readonly #env: NodeJS.ProcessEnv;
  /** By target: what was unlocked once is not asked for again. */
  readonly #keys = new Map<SshTarget, Identities>();
  /** Of the hop that is being logged in to. */
  #patience: Patience;

  constructor(route: readonly SshTarget[], options: SshOptions) {
    this.#route = route;
    this.#options = options;
    this.#env = options.env ?? process.env;
    this.#patience = new Patience(READY_S * 1000, options.signal);
  }

  async attempt(): Promise<SshConnection | Failure> {
    let wire: Wire | undefined;
    let before: { ssh: NodeSSH; target: SshTarget } | undefined;
    let current: FailedLogin | undefined;
    try {
      for (const target of this.#route) {
        this.#patience.end();
        this.#patience = new Patience((target.connectTimeoutS ?? READY_S) * 1000, this.#options.signal);
        const via = before?.target ?? null;
        current = { target, via, connected: false, complaint: '', identities: null, methods: [] };
        wire ??= await this.#wire(target);
        const stream = before ? await forward(before.ssh, target, this.#patience.signal) : wire.stream;
        const ssh = await this.#login(target, stream, current);
        if (target === this.#route.at(-1))
          return standing({
            ssh,
            target,
            stream,
            wire,
            aliveMs: aliveMsOf(target),
            count: target.aliveCountMax ?? ALIVE_COUNT,
          });
        before = { ssh, target };
      }
      throw new Error('a route has a last host');
    } catch (error) {
      const explained = error instanceof ChpError || this.#options.signal?.aborted;
      const complaint = explained ? '' : ((await wire?.complaint()) ?? '');
      // A goodbye alone would wait for one that a silent peer never says.
      wire?.destroy();
      return this.#judge(error as Error, current && { ...current, complaint });
    } finally {
      this.#patience.end();
    }
  }

  async #wire(target: SshTarget): Promise<Wire> {
    // Whom it may ask is the question that the passphrase prompt answers, too.
    const attended = this.#options.passphrase !== undefined;
    return target.proxyCommand
      ? commandWire(target.proxyCommand, attended, this.#env)
      : tcpWire(target, this.#patience.signal);
  }

  async #login(target: SshTarget, stream: Wire['stream'], current: FailedLogin): Promise<NodeSSH> {
    current.connected = true;
    current.identities = await this.#identities(target);
    return login({
      target,
      stream,
      identities: current.identities,
      patience: this.#patience,
      pins: chpHome(this.#env).knownHosts,
      consent: this.#options,
      // What the last one is asked goes through all of them.
      aliveMs: target === this.#route.at(-1) ? aliveMsOf(target) : 0,
      onMethods: (methods) => Object.assign(current, { methods }),
    });
  }

  async #identities(target: SshTarget): Promise<Identities> {
    const known = this.#keys.get(target);
    if (known) return known;
    const found = await Identities.of(target, this.#options.passphrase, (work) => this.#patience.pause(work));
    this.#keys.set(target, found);
    return found;
  }

  #judge(error: Error, failed: FailedLogin | undefined): Failure {
    if (this.#options.signal?.aborted)
      return new Failure(new ChpError('INTERRUPTED', `connecting to ${this.#route.map(nameOf).at(-1)} was stopped`));
    if (!failed || error instanceof ChpError) return new Failure(error);
    try {
      if (failed.identities?.mayGoOn()) return new Failure(error, 'now');
    } catch (fault) {
      return new Failure(fault);
    }
    return new Failure(explainLogin(error, failed), isPassing(error, failed) ? 'later' : 'never');
  }
}

function aliveMsOf(target: SshTarget): number {
  return (target.aliveIntervalS ?? ALIVE_S) * 1000;
}
