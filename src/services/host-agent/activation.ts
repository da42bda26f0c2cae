import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActivationStep, ApplyCare, ApplyResult, CheckResult } from '../../core/agent-protocol.ts';
import { type Digest, sha256 } from '../../core/digest.ts';
import { diskFault } from '../../core/disk-fault.ts';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest, SignedGeneration } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { candidateConfig, liveConfig } from './candidate-config.ts';
import { type SmokeTest, smokeTest } from './checks.ts';
import { decryptSecret, installCredentials } from './credentials.ts';
import { drained } from './drain.ts';
import { keepEvidence } from './evidence.ts';
import { validateConfig } from './gateway-config.ts';
import type { Host } from './host.ts';
import { Journal } from './journal.ts';
import type { Manager, ResolvedService } from './manager/manager.ts';
import { resolveServices } from './manager/resolve.ts';
import { verifyPacks } from './pack-seals.ts';
import { environmentOf } from './processes.ts';
import { remember, wasProven } from './proven.ts';
import { pruneGenerations, pruneStore } from './retention.ts';
import { assertRewind, rewindState } from './rewind.ts';
import { RuntimeChange } from './runtime-change.ts';
import { hasStateSnapshot, restoreSnapshot, takeSnapshot, writeLiveConfig } from './snapshot.ts';
import { soak } from './soak.ts';
import { stageGeneration } from './stage.ts';
import { currentGeneration, running, storedGeneration } from './status.ts';
import { Store } from './store.ts';
import { endTrials } from './trial.ts';

export interface ActivationEvents {
  /** The generation's own folder holds all that it needs from the store. */
  staged(): Promise<void>;
  step(step: ActivationStep, ms: number): void;
  check(check: CheckResult): void;
  /** The operator's side is there to confirm. */
  present(): boolean;
  /** What takes long, in words. */
  note(text: string): void;
  /** true = the operator's side is content; false or a rejection = go back. */
  confirm(checks: CheckResult[]): Promise<boolean>;
}

/** How long turns in flight may take to end before all is stopped for a copy. */
const DRAIN_MS = 20_000;

/** How a generation is gone back to. */
export interface Rollback {
  /** What becomes of the gateway's state where another program reads it; null = nothing was said. */
  state: 'keep' | 'restore' | null;
  /** Name of the snapshot to restore; without it the one that history tells. */
  from?: string;
}

/** The activation of generations of one tenant on this host: whole, or not at all. Call with the tenant's lock held. */
export class Activation {
  readonly #host: Host;
  readonly #tenant: string;
  readonly #manager: Manager;
  readonly #store: Store;
  readonly #journal: Journal;
  /** A commit left something to be tidied up. */
  #untidy = false;

  constructor(host: Host, tenant: string, manager: Manager) {
    this.#host = host;
    this.#tenant = tenant;
    this.#manager = manager;
    this.#store = new Store(host.root);
    this.#journal = new Journal(tenantLayout(host.root, tenant).journal);
  }

  /**
   * Activates a generation whose objects are all in the store.
   * @throws CONFLICT when a rollback leaves open, or can't do, what is to become of the state; nothing was touched then
   */
  async apply(
    signed: SignedGeneration,
    events: ActivationEvents,
    rollback: Rollback | null = null,
    care: ApplyCare = {},
  ): Promise<ApplyResult> {
    const { root } = this.#host;
    const { manifest } = signed;
    const previous = currentGeneration(root, this.#tenant);
    const rewindTo =
      rollback && (rollback.from ?? assertRewind(root, this.#tenant, manifest.runtime, signed.digest, rollback.state));
    const timings: ApplyResult['timings'] = {};
    let checks: CheckResult[] = [];
    const step = async (name: ActivationStep, work: () => Promise<void> | void): Promise<void> => {
      // Nobody would confirm it: going back now spares the family restarts.
      if (!events.present()) throw new ChpError('UNHEALTHY', 'the operator’s side went away');
      timings[name] = await this.#journal.step(name, work);
      events.step(name, timings[name]);
    };
    const stored = previous ? storedGeneration(root, this.#tenant, previous) : null;
    const old = stored?.manifest ?? null;
    const fingerprints = old && this.#fingerprints(old);
    const change = this.#runtimeChange(old, manifest, care, events.note);
    const changed = change ? { change: change.result } : {};

    this.#journal.begin(signed.digest, previous, rollback !== null);
    // The service manager takes its time: it is asked while files are written.
    const ran = this.#manager.status();
    const armed = this.#manager.armRecovery();
    const settled = Promise.allSettled([ran, armed]);
    try {
      await step('received', () => verifyPacks(manifest, this.#store));
      await step('staged', () => stageGeneration(root, signed, this.#store, stored));
      await events.staged();
      const before = (await ran).every(({ active }) => active) ? fingerprints : null;
      const config = await candidateConfig(root, signed, old ? previous : null);
      if (
        (old?.runtime.app !== manifest.runtime.app || config !== this.#liveConfig()) &&
        !wasProven(root, this.#tenant, signed.digest, config)
      )
        await validateConfig(this.#host, manifest, config);
      // What is gone back to has been started here before.
      if (!rollback) await change?.prepare(config);
      await armed;
      await step('snapshot', async () => {
        await change?.stop();
        if (rewindTo !== null) await this.#manager.stop();
        await takeSnapshot(root, this.#tenant, signed.digest, rewindTo !== null || change !== null);
      });
      await step('configured', async () => {
        if (rewindTo) await rewindState(root, this.#tenant, rewindTo, signed.digest);
        await writeLiveConfig(tenantLayout(root, this.#tenant).config, config);
      });
      await step('switched', () => this.#point(signed.digest));
      await step('restarted', () => this.#run(manifest));
      await step('checked', async () => {
        const unchanged = rewindTo === null && before !== null && before === this.#fingerprints(manifest);
        checks = await this.#check(manifest, unchanged ? 'content' : 'full', (check) => {
          change?.saw(check);
          events.check(check);
        });
        if (change && !rollback && checks.every(({ verdict }) => verdict !== 'fail')) checks.push(await change.kept());
        if (care.soakS && checks.every(({ verdict }) => verdict !== 'fail'))
          checks.push(await this.#soak(manifest, care.soakS, events));
        const failed = checks.find((check) => check.verdict === 'fail');
        if (failed) throw new ChpError('UNHEALTHY', `${failed.title}: ${failed.detail}`);
      });
      await step('confirmed', async () => {
        if (!(await events.confirm(checks)))
          throw new ChpError('UNHEALTHY', 'the operator’s side did not confirm in time');
      });
    } catch (error) {
      await settled;
      const reason = error instanceof Error ? error.message : String(error);
      await this.#revert(signed.digest, previous, reason);
      const fault = diskFault(error);
      if (fault) throw fault;
      if (error instanceof ChpError && error.code !== 'UNHEALTHY') throw error;
      return { outcome: 'reverted', generation: signed.digest, checks, timings, reason, ...changed };
    }
    timings.committed = await this.#commit(signed.digest, previous, rollback !== null);
    events.step('committed', timings.committed);
    return { outcome: 'committed', generation: signed.digest, checks, timings, ...changed };
  }

  /** Finishes or reverts an activation that was cut. @returns what was done; null = nothing was open */
  async recover(): Promise<'committed' | 'reverted' | null> {
    const open = this.#journal.open();
    if (!open) return null;
    endTrials(this.#host.root, this.#tenant);
    if (open.step === 'confirmed' || open.step === 'committed') {
      await this.#commit(open.generation, open.previous, open.rollback);
      await this.tidy();
      return 'committed';
    }
    await this.#revert(open.generation, open.previous, 'it was cut');
    return 'reverted';
  }

  /** What a commit leaves to be done once the operator's side has its answer. Still with the lock held. */
  async tidy(): Promise<void> {
    if (!this.#untidy) return;
    // Room is made at the next commit, too: what runs is not to fail for it.
    await Promise.all([this.#manager.disarmRecovery(), this.#prune().catch(() => {})]);
    this.#untidy = false;
  }

  /**
   * Does something while nothing of the tenant runs. Cut meanwhile, what runs now is started again, as after any cut.
   * @returns for how long it was away, milliseconds
   */
  async whileStopped(work: () => Promise<void>): Promise<number> {
    const { digest } = running(this.#host.root, this.#tenant);
    const since = (await this.#manager.status()).find(({ name }) => name === 'gateway')?.since ?? null;
    await drained(tenantLayout(this.#host.root, this.#tenant).state, since, DRAIN_MS);
    this.#journal.begin(digest, digest);
    await this.#manager.armRecovery();
    const started = performance.now();
    try {
      await this.#manager.stop();
      await work();
    } finally {
      await this.#revert(digest, digest, 'it was stopped');
    }
    return Math.round(performance.now() - started);
  }

  /** Smoke test of what runs now. @throws NOT_FOUND when nothing does */
  async check(onCheck: (check: CheckResult) => void): Promise<CheckResult[]> {
    return this.#check(running(this.#host.root, this.#tenant).manifest, 'full', onCheck);
  }

  /** null unless another runtime comes in the place of one. */
  #runtimeChange(
    old: GenerationManifest | null,
    next: GenerationManifest,
    care: ApplyCare,
    note: (text: string) => void,
  ): RuntimeChange | null {
    if (!old || old.runtime.app === next.runtime.app) return null;
    return new RuntimeChange({ host: this.#host, manager: this.#manager, store: this.#store, old, next, care, note });
  }

  #soak(manifest: GenerationManifest, seconds: number, events: ActivationEvents): Promise<CheckResult> {
    events.note(`watching it for ${seconds} s`);
    return soak({
      seconds,
      tenant: this.#tenant,
      status: () => this.#manager.status(),
      drive: async (depth) => (await this.#check(manifest, depth, () => {})).find(({ verdict }) => verdict === 'fail'),
      present: events.present,
    });
  }

  #liveConfig(): string | null {
    return liveConfig(this.#host.root, this.#tenant);
  }

  async #point(to: Digest | null): Promise<void> {
    const { current } = tenantLayout(this.#host.root, this.#tenant);
    if (to === null) return rm(current, { force: true });
    await rm(`${current}.new`, { force: true });
    await symlink(join('generations', to), `${current}.new`);
    await rename(`${current}.new`, current);
  }

  async #run(manifest: GenerationManifest): Promise<void> {
    const { root, manager } = this.#host;
    await installCredentials(root, manager, manifest, this.#store);
    const configWritable = manifest.ownership.family.length + manifest.ownership.agent.length > 0;
    await this.#manager.reconcile(this.#services(manifest), { configWritable });
  }

  #services(manifest: GenerationManifest): ResolvedService[] {
    const live = this.#liveConfig();
    return resolveServices(this.#host.root, manifest, live === null ? null : sha256(live));
  }

  /** Equal before and after a push when no process was restarted by it. */
  #fingerprints(manifest: GenerationManifest): string {
    return this.#services(manifest)
      .map(({ name, fingerprint }) => `${name} ${fingerprint}`)
      .join('\n');
  }

  /** null when there is none, or when it is damaged: then nothing of it can be put back. */
  #manifest(digest: Digest | null): GenerationManifest | null {
    return digest ? (storedGeneration(this.#host.root, this.#tenant, digest)?.manifest ?? null) : null;
  }

  async #check(
    manifest: GenerationManifest,
    depth: SmokeTest['depth'],
    onCheck: (check: CheckResult) => void,
  ): Promise<CheckResult[]> {
    const { root } = this.#host;
    const gatewayProcess = async () => (await this.#manager.status()).find(({ name }) => name === 'gateway');
    const { tokenSecret } = manifest.checks.gateway;
    let decrypted: Promise<string> | undefined;
    const token = async (pid: number | null): Promise<string> => {
      // A process that runs on was given the same token, and decrypting takes longer than all the other checks.
      const given = depth === 'content' && pid !== null ? environmentOf(pid)?.get(tokenSecret) : undefined;
      if (given !== undefined) return given;
      decrypted ??= decryptSecret(root, manifest, tokenSecret, this.#store);
      return decrypted;
    };
    return smokeTest({ root, manifest, token, gatewayProcess, depth, onCheck });
  }

  /** Puts back what ran before and proves that it answers. May be run again after a cut. */
  async #revert(failed: Digest, previous: Digest | null, reason: string): Promise<void> {
    const { root } = this.#host;
    const reached = this.#journal.reached('snapshot');
    const before = this.#manifest(previous);
    await this.#keepEvidence(failed, previous, reason);
    if (!before) await this.#manager.remove();
    else if (reached && hasStateSnapshot(root, this.#tenant, failed)) await this.#manager.stop();
    // Before that step ended nothing was touched, and what is there may be of an earlier activation.
    if (reached) await restoreSnapshot(root, this.#tenant, failed);
    await this.#point(before && previous);
    let down: CheckResult | undefined;
    if (before) {
      await this.#run(before);
      down = (await this.#check(before, 'health', () => {})).find((check) => check.verdict === 'fail');
    } else await rm(tenantLayout(root, this.#tenant).credentials, { recursive: true, force: true });
    // All is back; that it does not answer must not keep the next push from mending it.
    this.#journal.end('reverted');
    await this.#manager.disarmRecovery();
    if (down)
      throw new ChpError('UNHEALTHY', `${this.#tenant}: the generation from before was put back, but does not answer`, {
        why: down.detail,
        next: [`chp logs ${this.#tenant} gateway`, `chp tenant apply ${this.#tenant}`],
      });
  }

  /** Durable when it resolves; the rest is `tidy`. */
  async #commit(generation: Digest, previous: Digest | null, rollback: boolean): Promise<number> {
    const started = performance.now();
    if (this.#journal.open()?.step !== 'committed')
      await this.#journal.step('committed', () =>
        remember(this.#host.root, this.#tenant, generation, previous, rollback),
      );
    this.#journal.end('committed');
    this.#untidy = true;
    return Math.round(performance.now() - started);
  }

  async #keepEvidence(failed: Digest, previous: Digest | null, reason: string): Promise<void> {
    // What runs, applied again, is no failed generation.
    if (failed === previous) return;
    const step = this.#journal.open()?.step ?? null;
    // Before its services were started they had nothing to say of it.
    const services = this.#journal.reached('switched') ? (this.#manifest(failed)?.services ?? []) : [];
    await keepEvidence(this.#host.root, this.#tenant, failed, {
      at: new Date().toISOString(),
      step,
      reason,
      services: services.map(({ name }) => name),
      manager: this.#manager,
    });
  }

  async #prune(): Promise<void> {
    await pruneGenerations(this.#host.root, this.#tenant);
    await pruneStore(this.#host);
  }
}
