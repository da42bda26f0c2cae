import type { ApplyCare, CheckResult, RuntimeChanged } from '../../core/agent-protocol.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { type Census, compareCensus, takeCensus } from './census.ts';
import { decryptSecret } from './credentials.ts';
import { drained } from './drain.ts';
import type { Host } from './host.ts';
import type { Manager } from './manager/manager.ts';
import type { Store } from './store.ts';
import { warmRuntime } from './warm.ts';

const DRAIN_S = 30;
const GATEWAY = 'gateway';

interface Parts {
  host: Host;
  manager: Manager;
  store: Store;
  old: GenerationManifest;
  next: GenerationManifest;
  care: ApplyCare;
  note(text: string): void;
}

/** What an activation does more when another runtime takes the place of one that serves a family. */
export class RuntimeChange {
  readonly #parts: Parts;
  readonly result: RuntimeChanged = { warmMs: null, drainMs: 0, cutTurns: 0, awayMs: null, notes: [] };
  #before: Census | null = null;
  #stoppedAt: number | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Before anything is touched. @throws UNHEALTHY when the new runtime does not even start */
  async prepare(config: string): Promise<void> {
    const { host, next } = this.#parts;
    this.#parts.note('trying the new version beside the running one');
    const { ms, note } = await warmRuntime(host, next, config);
    this.result.warmMs = ms;
    if (note !== null) this.#say(note);
  }

  /** Lets turns in flight end, then stops the gateway. What workflows ask of it meanwhile they ask again. */
  async stop(): Promise<void> {
    const { host, manager, old, care } = this.#parts;
    this.#before = await this.#census(old).catch(() => null);
    const started = performance.now();
    this.#parts.note('letting turns in flight end');
    const since = (await manager.status()).find(({ name }) => name === GATEWAY)?.since ?? null;
    const left = await drained(tenantLayout(host.root, old.tenant).state, since, (care.drainS ?? DRAIN_S) * 1000);
    this.result.drainMs = Math.round(performance.now() - started);
    this.result.cutTurns = left;
    if (left > 0) this.#say(`${left} ${left === 1 ? 'turn' : 'turns'} had not ended: the reply is lost`);
    this.#stoppedAt = performance.now();
    await manager.stop([GATEWAY]);
  }

  /** To be told of every check: the first answer of the new gateway ends its absence. */
  saw(check: CheckResult): void {
    if (check.id !== 'gateway.health' || check.verdict === 'fail' || this.#stoppedAt === null) return;
    this.result.awayMs ??= Math.round(performance.now() - this.#stoppedAt);
  }

  /** Is all of the family's still there? */
  async kept(): Promise<CheckResult> {
    const { next } = this.#parts;
    const started = performance.now();
    const seen = await this.#compared().catch((error: Error) => ({ verdict: 'fail' as const, detail: error.message }));
    return {
      id: 'state.kept',
      title: 'Sessions and skills are still there',
      ...seen,
      ms: Math.round(performance.now() - started),
      ...(seen.verdict === 'fail' ? { fix: `chp logs ${next.tenant} gateway` } : {}),
    };
  }

  async #compared(): Promise<Pick<CheckResult, 'verdict' | 'detail'>> {
    const { next } = this.#parts;
    if (!this.#before)
      return { verdict: 'skipped', detail: 'the gateway of before did not answer, so nothing was counted' };
    return compareCensus(this.#before, await this.#census(next), next.checks.skills);
  }

  async #census(manifest: GenerationManifest): Promise<Census> {
    const { host, store } = this.#parts;
    const { port, tokenSecret } = manifest.checks.gateway;
    const token = await decryptSecret(host.root, manifest, tokenSecret, store);
    await using client = await GatewayClient.connect(port, token);
    return await takeCensus(client);
  }

  #say(text: string): void {
    this.result.notes.push(text);
    this.#parts.note(text);
  }
}
