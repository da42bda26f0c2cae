import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import { commandsOf } from '../../core/gateway-commands.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { needsRoot, type TenantLayout, tenantLayout } from '../../core/host-layout.ts';
import { asTenant } from './as-tenant.ts';
import type { Host } from './host.ts';
import { memoryAvailableMb } from './measure.ts';
import { run } from './run.ts';
import { endTrials, freePort, startTrial } from './trial.ts';

const WARM_MS = 120_000;
const ANSWER_MS = 5_000;
/** For every secret, the gateway's own token among them. */
const PLACEHOLDER = 'placeholder';
/** The first start of a version takes this much, beside the one that serves the family. */
const NEEDED_MB = 1_500;

export interface Warmed {
  /** null = it was left out. */
  ms: number | null;
  note: string | null;
}

/**
 * Starts a new runtime once beside the one that runs: with a state, a home and a port of its own, no channels and no
 * secrets. Its first start fills caches that are keyed by its path and takes up to half a minute; the one that counts is
 * then a cold start like any other.
 *
 * @throws UNHEALTHY with its words when it ends by itself: nothing was switched yet
 */
export async function warmRuntime(host: Host, manifest: GenerationManifest, config: string): Promise<Warmed> {
  const free = memoryAvailableMb();
  if (free < NEEDED_MB)
    return {
      ms: null,
      note: `only ${free} MB of memory are free: the new version is not tried beside the old one, and is away longer`,
    };
  endTrials(host.root, manifest.tenant);
  const started = performance.now();
  const layout = tenantLayout(host.root, manifest.tenant);
  const dir = join(layout.tmp, 'warm');
  const port = await freePort();
  const candidate = join(layout.generations, 'warm.json');
  await writeFile(candidate, scratchConfig(config, layout, dir, port), { mode: 0o644 });
  const { configPath, stateDir } = commandsOf(manifest.runtime.name);
  const hide = await hiding(host, layout);
  const gateway = startTrial(host, manifest, {
    wrap: (argv) => [...hide, ...asTenant(host, manifest.tenant, ['/bin/sh', '-c', SCRIPT, 'sh', dir, ...argv])],
    env: {
      ...placeholders(manifest),
      HOME: join(dir, 'home'),
      [configPath]: candidate,
      [stateDir]: join(dir, 'state'),
    },
  });
  try {
    while (!(await answers(port))) {
      if (gateway.ended() === 'by itself')
        throw new ChpError('UNHEALTHY', `${manifest.runtime.name}@${manifest.runtime.version} does not start`, {
          why: gateway.words(),
        });
      if (gateway.ended() === 'killed' || performance.now() - started > WARM_MS)
        return { ms: null, note: 'the new version could not be tried beside the old one, and may be away longer' };
      await sleep(200);
    }
    return { ms: Math.round(performance.now() - started), note: null };
  } finally {
    await gateway.stop();
    await rm(candidate, { force: true });
    // By the tenant's own user: what lies in its folder may be a trap for root.
    const [command = '', ...args] = asTenant(host, manifest.tenant, ['rm', '-rf', dir]);
    await run(command, args, { allowFailure: true });
  }
}

function placeholders({ services }: GenerationManifest): Record<string, string> {
  const { credentials = [] } = services.find(({ name }) => name === 'gateway') ?? {};
  return Object.fromEntries(credentials.map((name) => [name, PLACEHOLDER]));
}

/** Whoever only greets may be starting still. */
async function answers(port: number): Promise<boolean> {
  try {
    await using client = await GatewayClient.connect(port, PLACEHOLDER, ANSWER_MS);
    return client.open;
  } catch {
    return false;
  }
}

/** The configuration, pointed away from all that is the family's. Pure. */
export function scratchConfig(config: string, layout: TenantLayout, dir: string, port: number): string {
  const moved = config.replaceAll(layout.home, join(dir, 'home')).replaceAll(layout.logs, dir);
  const parsed = JSON.parse(moved) as Record<string, unknown>;
  // Nothing of it may answer anybody, or act by itself.
  for (const key of ['channels', 'hooks', 'cron', 'bindings']) delete parsed[key];
  return JSON.stringify({ ...parsed, gateway: { ...(parsed.gateway as object), port } });
}

const SCRIPT = [
  // Where memory runs short it goes, and not what serves the family.
  'echo 1000 > /proc/self/oom_score_adj',
  'umask 077; dir=$1; shift; rm -rf "$dir"; mkdir -p "$dir/home" "$dir/state"',
  'exec nice "$@"',
].join('\n');

/** Where the kernel lets us, what is the family's is out of its sight. */
export async function hiding(host: Host, { state, home }: TenantLayout): Promise<string[]> {
  if (!needsRoot(host.manager)) return [];
  const { code } = await run('unshare', ['--mount', 'true'], { allowFailure: true }).catch(() => ({ code: 1 }));
  if (code !== 0) return [];
  const script = 'for dir in "$1" "$2"; do mount -t tmpfs -o mode=755 chp "$dir" || exit 1; done; shift 2; exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', state, home];
}
