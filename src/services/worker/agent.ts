import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import { agentTurn } from '../../core/gateway-turn.ts';
import { type AgentPort, type CallOptions, VerbFailure } from '../../core/ports/automation.ts';
import type { AgentSessions } from './agent-sessions.ts';

type Question = Parameters<AgentPort['ask']>[0];

interface Gateway {
  port: number;
  token: string;
  agent: string;
  /** How long one that does not answer is waited for; default RESTART_MS. */
  restartMs?: number;
}

const CONNECT_MS = 5_000;
/** A gateway that is restarted is away so long on a small hub: it is waited for, and no attempt of the pack's is used up. */
const RESTART_MS = 60_000;
const LOOK_MS = 500;
const SEND_MS = 30_000;
/** Failed keys remembered: the gateway would answer each with the same failure for five minutes. */
const MAX_FAILED = 1_000;

/**
 * The tenant's agent, over the gateway's WebSocket. One connection, made anew when it is lost. A turn that is asked for
 * again with the same key, by this process or one after it, is the same turn; after a failure it is a new one.
 */
export class GatewayAgent implements AgentPort {
  readonly #gateway: Gateway;
  readonly #sessions: AgentSessions;
  readonly #failed = new Map<string, number>();
  #connecting: Promise<GatewayClient> | undefined;
  #client: GatewayClient | undefined;

  constructor(gateway: Gateway, sessions: AgentSessions) {
    this.#gateway = gateway;
    this.#sessions = sessions;
  }

  async ask(
    { prompt, guidance, session, timeoutMs }: Question,
    { key, signal }: CallOptions,
  ): Promise<{ text: string }> {
    signal.throwIfAborted();
    const client = await this.#reached(signal);
    const { agent } = this.#gateway;
    // Hashed: run ids hold characters that session keys may not.
    const sessionKey = `agent:${agent}:chp:${sha256(session).slice(0, 24)}`;
    this.#sessions.using(sessionKey, timeoutMs);
    const failures = this.#failed.get(key) ?? 0;
    const turn = {
      agent,
      session: sessionKey,
      message: prompt,
      guidance,
      timeoutS: Math.max(1, Math.floor(timeoutMs / 1000) - 1),
      key: `${sha256(key).slice(0, 32)}-${failures}`,
    };
    // There is no other way to stop a turn than to delete its session.
    const abort = () => void client.call('sessions.delete', { key: sessionKey }).catch(() => {});
    signal.addEventListener('abort', abort, { once: true });
    try {
      const outcome = await agentTurn(client, turn);
      if (outcome.ok) return { text: outcome.text };
      this.#countFailure(key, failures + 1);
      throw new VerbFailure('unavailable', outcome.reason);
    } catch (error) {
      throw error instanceof ChpError ? unavailable(error) : error;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#sessions.using(sessionKey, 0);
    }
  }

  /** Writes to somebody by a chat channel of the gateway's. */
  async send(
    message: { channel: string; to: string; text: string },
    { key, signal }: CallOptions,
  ): Promise<{ id: string | null }> {
    const client = await this.#reached(signal);
    const { channel, to, text } = message;
    try {
      const sent = await client.call('send', { channel, to, message: text, idempotencyKey: key }, SEND_MS);
      return { id: (sent as { messageId?: string }).messageId ?? null };
    } catch (error) {
      if (!(error instanceof ChpError)) throw error;
      if (error.details.gateway === 'INVALID_REQUEST')
        throw new VerbFailure('refused', error.message, { cause: error });
      throw unavailable(error);
    }
  }

  /** Deletes the sessions that are done with. */
  async sweep(): Promise<void> {
    const idle = this.#sessions.idle();
    if (idle.length === 0) return;
    const client = await this.#connection();
    for (const key of idle) {
      await client.call('sessions.delete', { key }, 20_000);
      this.#sessions.forget(key);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.[Symbol.asyncDispose]();
  }

  /** @throws VerbFailure when it stays away, or it is too late */
  async #reached(signal: AbortSignal): Promise<GatewayClient> {
    for (const deadline = Date.now() + (this.#gateway.restartMs ?? RESTART_MS); ; ) {
      try {
        return await this.#connection();
      } catch (error) {
        if (signal.aborted || Date.now() > deadline || /refused connect/.test((error as Error).message)) throw error;
        await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #connection(): Promise<GatewayClient> {
    if (this.#client?.open) return this.#client;
    this.#connecting ??= GatewayClient.connect(this.#gateway.port, this.#gateway.token, CONNECT_MS)
      .then((client) => {
        this.#client = client;
        return client;
      })
      .finally(() => {
        this.#connecting = undefined;
      });
    try {
      return await this.#connecting;
    } catch (error) {
      throw unavailable(error as Error);
    }
  }

  #countFailure(key: string, count: number): void {
    this.#failed.set(key, count);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX_FAILED && oldest !== undefined) this.#failed.delete(oldest);
  }
}

const unavailable = (error: Error): VerbFailure => new VerbFailure('unavailable', error.message, { cause: error });
