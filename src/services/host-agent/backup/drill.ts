import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult } from '../../../core/agent-protocol.ts';
import type { BackupDrilled } from '../../../core/backups.ts';
import { ChpError } from '../../../core/errors.ts';
import { GatewayClient } from '../../../core/gateway-client.ts';
import { commandsOf } from '../../../core/gateway-commands.ts';
import type { SignedGeneration } from '../../../core/generation.ts';
import { tenantLayout } from '../../../core/host-layout.ts';
import { asTenant } from '../as-tenant.ts';
import { liveConfig } from '../candidate-config.ts';
import { decryptSecret } from '../credentials.ts';
import { turnCheck } from '../gateway-checks.ts';
import { gatewayGreets } from '../greeting.ts';
import type { Host } from '../host.ts';
import { Store } from '../store.ts';
import { endTrials, freePort, startTrial, type Trial } from '../trial.ts';
import { hiding, scratchConfig } from '../warm.ts';
import type { Restic } from './restic.ts';
import { counted } from './restore.ts';

const START_MS = 120_000;

/**
 * Proves a backup: restores it into a scratch folder, starts the gateway there beside the running one, without channels
 * and on a port of its own, drives a turn, and removes it all.
 */
export async function drillBackup(
  host: Host,
  { manifest }: SignedGeneration,
  restic: Restic,
  id: string | null,
): Promise<BackupDrilled> {
  const started = performance.now();
  const { root } = host;
  const { tenant, runtime, checks } = manifest;
  const layout = tenantLayout(root, tenant);
  const backup = await restic.find(id);
  if (backup.runtime !== `${runtime.name}@${runtime.version}`)
    throw new ChpError('CONFLICT', `the backup is of ${backup.runtime}, and ${runtime.name}@${runtime.version} runs`);
  const dir = join(layout.dir, 'drill');
  const config = join(layout.generations, 'drill.json');
  await rm(dir, { recursive: true, force: true });
  endTrials(root, tenant);
  let gateway: Trial | undefined;
  try {
    await restic.restore(backup.id, dir);
    // The tenant's own user has to get in; what it may not read has modes of its own.
    await chmod(dir, 0o755);
    const port = await freePort();
    await writeFile(config, scratchConfig(liveConfig(root, tenant) ?? '{}', layout, dir, port), { mode: 0o644 });
    const store = new Store(root);
    const names = manifest.services.find(({ name }) => name === 'gateway')?.credentials ?? [];
    const secrets: Record<string, string> = {};
    for (const name of names) secrets[name] = await decryptSecret(root, manifest, name, store);
    const { configPath, stateDir } = commandsOf(runtime.name);
    const hide = await hiding(host, layout);
    gateway = startTrial(host, manifest, {
      wrap: (argv) => [...hide, ...asTenant(host, tenant, argv)],
      env: { ...secrets, HOME: join(dir, 'home'), [configPath]: config, [stateDir]: join(dir, 'state') },
    });
    while (!(await gatewayGreets(port, 2_000))) {
      if (gateway.ended() !== null || performance.now() - started > START_MS)
        throw new ChpError('UNHEALTHY', `the backup ${backup.id} does not start`, { why: gateway.words() });
      await sleep(200);
    }
    const token = await decryptSecret(root, manifest, checks.gateway.tokenSecret, store);
    await using client = await GatewayClient.connect(port, token);
    const before = counted(join(dir, 'state'));
    const turn = await perform(() => turnCheck(client, checks.turn));
    if (turn.verdict === 'fail')
      throw new ChpError('UNHEALTHY', `the backup ${backup.id} starts, but does not answer`, { why: turn.detail });
    return { backup, checks: [turn], ...before, ms: Math.round(performance.now() - started) };
  } finally {
    await gateway?.stop();
    await rm(config, { force: true });
    await rm(dir, { recursive: true, force: true });
  }
}

async function perform(look: () => ReturnType<typeof turnCheck>): Promise<CheckResult> {
  const started = performance.now();
  const seen = await look();
  const verdict = typeof seen === 'string' ? { verdict: 'pass' as const, detail: seen } : seen;
  return { id: 'agent.turn', title: 'A real agent turn', ...verdict, ms: Math.round(performance.now() - started) };
}
