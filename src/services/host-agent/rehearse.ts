import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentEvent, AgentRequest, CheckResult, Rehearsal } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import type { Frame } from '../../core/frames.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import { commandsOf } from '../../core/gateway-commands.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { needsRoot, tenantLayout } from '../../core/host-layout.ts';
import { asTenant } from './as-tenant.ts';
import { candidateConfig } from './candidate-config.ts';
import { type Census, compareCensus, takeCensus } from './census.ts';
import { smokeTest } from './checks.ts';
import { decryptSecret } from './credentials.ts';
import { validateConfig } from './gateway-config.ts';
import type { Host } from './host.ts';
import { lockStore, lockTenant } from './locks.ts';
import { assertOurs, receiveMissing } from './receive.ts';
import { run } from './run.ts';
import { stageGeneration } from './stage.ts';
import { currentGeneration, storedGeneration } from './status.ts';
import { Store } from './store.ts';
import { endTrials, freePort, startTrial } from './trial.ts';

const COPY_MS = 600_000;

/**
 * Plays an upgrade through on a copy of the tenant's state, beside what serves the family: on a port of its own, with its
 * channels muted and nothing that acts by itself. The copy lies at the state's own path, in a view of the file system that
 * only these processes have. Nothing of it stays.
 *
 * @throws HOST_UNFIT where no such view can be made; CONFLICT when nothing runs; CONFIG_REFUSED
 */
export async function rehearse(
  host: Host,
  request: Extract<AgentRequest, { op: 'rehearse' }>,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<Rehearsal> {
  const { generation: signed, tenant } = request;
  const { manifest } = signed;
  const started = performance.now();
  const note = (what: string): void => void send({ event: 'progress', what, done: 0, total: 0 });
  assertOurs(host.root, tenant, signed);
  await assertView(host);
  await using _lock = await lockTenant(host.root, tenant, 'rehearse');
  const current = currentGeneration(host.root, tenant);
  const old = current === null ? null : storedGeneration(host.root, tenant, current);
  if (!old) throw new ChpError('CONFLICT', `${tenant} runs nothing that could be copied`);
  const store = new Store(host.root);
  await using filling = await lockStore(host.root, `rehearse ${tenant}`);
  await receiveMissing(store, manifest, frames, send);
  await stageGeneration(host.root, signed, store, old);
  await filling.release();
  const config = await candidateConfig(host.root, signed, current);
  await validateConfig(host, manifest, config);
  endTrials(host.root, tenant);
  const before = await census(host, old.manifest, old.manifest.checks.gateway.port, store);
  const stage = new Stage(host, manifest, store);
  try {
    note('copying the state');
    await stage.prepare(config, signed.digest);
    note('driving the copy');
    const checks = await stage.drive((check) => void send({ event: 'check', check }));
    if (checks.every(({ verdict }) => verdict !== 'fail'))
      checks.push(await kept(before, () => stage.census(), manifest));
    return { checks: [...checks, ...notChecked(manifest)], ms: Math.round(performance.now() - started) };
  } finally {
    await stage.clear();
  }
}

/** @throws HOST_UNFIT */
async function assertView(host: Host): Promise<void> {
  const possible =
    needsRoot(host.manager) && (await run('unshare', ['--mount', 'true'], { allowFailure: true })).code === 0;
  if (possible) return;
  throw new ChpError('HOST_UNFIT', 'an upgrade can’t be rehearsed on this host', {
    why: 'The copy has to lie at the path of the state, which takes root and a mount namespace.',
  });
}

async function census(host: Host, manifest: GenerationManifest, port: number, store: Store): Promise<Census> {
  const token = await decryptSecret(host.root, manifest, manifest.checks.gateway.tokenSecret, store);
  await using client = await GatewayClient.connect(port, token);
  return await takeCensus(client);
}

async function kept(before: Census, after: () => Promise<Census>, manifest: GenerationManifest): Promise<CheckResult> {
  const started = performance.now();
  const seen = compareCensus(before, await after(), manifest.checks.skills);
  const ms = Math.round(performance.now() - started);
  return { id: 'state.kept', title: 'Sessions and skills are in the copy', ...seen, ms };
}

/** What a rehearsal leaves out is said. Pure. */
function notChecked({ services }: GenerationManifest): CheckResult[] {
  if (!services.some(({ name }) => name === 'worker')) return [];
  const detail = 'the worker was not started a second time: its runs, calls and devices are the family’s';
  return [{ id: 'worker.packs', title: 'Worker runs the packs', verdict: 'skipped', detail, ms: 0 }];
}

/** The copy, and the gateway on it. */
class Stage {
  readonly #host: Host;
  readonly #manifest: GenerationManifest;
  readonly #store: Store;
  readonly #dir: string;
  readonly #config: string;
  #port = 0;
  #stop: () => Promise<void> = async () => {};

  constructor(host: Host, manifest: GenerationManifest, store: Store) {
    this.#host = host;
    this.#manifest = manifest;
    this.#store = store;
    const layout = tenantLayout(host.root, manifest.tenant);
    this.#dir = join(layout.tmp, 'rehearsal');
    this.#config = join(layout.generations, 'rehearsal.json');
  }

  async prepare(config: string, generation: string): Promise<void> {
    const layout = tenantLayout(this.#host.root, this.#manifest.tenant);
    this.#port = await freePort();
    const own = mutedConfig(config, this.#port)
      .replaceAll(layout.current, join(layout.generations, generation))
      .replaceAll(layout.logs, this.#dir);
    await writeFile(this.#config, own, { mode: 0o644 });
    // Locks are of those who hold them, and they do not run here.
    const script =
      'umask 077; rm -rf "$1"; mkdir -p "$1"; cp -a "$2" "$1/state"; cp -a "$3" "$1/home"; find "$1" -name "*.lock" -delete';
    await this.#asTenant(['sh', '-c', script, 'sh', this.#dir, layout.state, layout.home], COPY_MS);
  }

  async drive(onCheck: (check: CheckResult) => void): Promise<CheckResult[]> {
    const { configPath } = commandsOf(this.#manifest.runtime.name);
    const trial = startTrial(this.#host, this.#manifest, {
      wrap: (argv) => this.#inside(argv),
      env: { ...(await this.#secrets()), [configPath]: this.#config },
    });
    this.#stop = () => trial.stop();
    const { checks } = this.#manifest;
    const { worker: _, ...own } = checks;
    const muted = checks.channels.map(({ id }) => ({ id, muted: true }));
    return smokeTest({
      root: this.#host.root,
      manifest: {
        ...this.#manifest,
        checks: { ...own, channels: muted, gateway: { ...checks.gateway, port: this.#port } },
      },
      token: () => this.#token(),
      gatewayProcess: async () => {
        const ended = trial.ended() !== null;
        return { name: 'gateway', active: !ended, pid: ended ? null : trial.pid, restarts: ended ? 3 : 0, since: null };
      },
      depth: 'full',
      onCheck,
    });
  }

  census(): Promise<Census> {
    return census(this.#host, this.#manifest, this.#port, this.#store);
  }

  async clear(): Promise<void> {
    await this.#stop();
    await rm(this.#config, { force: true });
    await this.#asTenant(['rm', '-rf', this.#dir], COPY_MS).catch(() => {});
  }

  /** Command line as the tenant's user, who finds the copy in the place of state and home. */
  #inside(argv: readonly string[]): string[] {
    const { state, home } = tenantLayout(this.#host.root, this.#manifest.tenant);
    const script = 'mount --bind "$1/state" "$2" && mount --bind "$1/home" "$3" || exit 1; shift 3; exec "$@"';
    const own = asTenant(this.#host, this.#manifest.tenant, argv);
    return ['unshare', '--mount', 'sh', '-c', script, 'sh', this.#dir, state, home, ...own];
  }

  async #asTenant(argv: readonly string[], deadlineMs: number): Promise<void> {
    const [command = '', ...args] = asTenant(this.#host, this.#manifest.tenant, argv);
    await run(command, args, { deadlineMs });
  }

  #token(): Promise<string> {
    const { tokenSecret } = this.#manifest.checks.gateway;
    return decryptSecret(this.#host.root, this.#manifest, tokenSecret, this.#store);
  }

  async #secrets(): Promise<Record<string, string>> {
    const { credentials = [] } = this.#manifest.services.find(({ name }) => name === 'gateway') ?? {};
    const values = credentials.map(async (name) => [
      name,
      await decryptSecret(this.#host.root, this.#manifest, name, this.#store),
    ]);
    return Object.fromEntries(await Promise.all(values)) as Record<string, string>;
  }
}

/** The configuration of a copy that answers nobody and does nothing by itself. Pure. */
export function mutedConfig(config: string, port: number): string {
  const parsed = JSON.parse(config) as Record<string, unknown>;
  const channels = Object.entries((parsed.channels ?? {}) as Record<string, object>);
  for (const key of ['hooks', 'cron', 'bindings']) delete parsed[key];
  return JSON.stringify({
    ...parsed,
    ...(channels.length > 0
      ? { channels: Object.fromEntries(channels.map(([id, settings]) => [id, { ...settings, enabled: false }])) }
      : {}),
    gateway: { ...(parsed.gateway as object), port },
  });
}
