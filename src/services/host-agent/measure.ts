import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostRoom } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import type { Host } from './host.ts';
import { run } from './run.ts';

const DU_MS = 120_000;

/** What an upgrade has to have room for. Changes nothing. */
export async function measure({ root }: Host, tenant: string, trees: readonly Digest[]): Promise<HostRoom> {
  const { state } = tenantLayout(root, tenant);
  const { bavail, bsize } = await statfs(root);
  return {
    stateBytes: existsSync(state) ? await bytesOf(state) : 0,
    freeBytes: bavail * bsize,
    memoryAvailableMb: memoryAvailableMb(),
    lacks: trees.filter((tree) => !existsSync(join(hostLayout(root).trees, tree))),
  };
}

/** What can be had without pushing anything out (proc_meminfo(5)). */
export function memoryAvailableMb(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Math.round(Number(kilobytes ?? 0) / 1024);
}

async function bytesOf(dir: string): Promise<number> {
  // A file that went away while it looked is no failure.
  const { stdout } = await run('du', ['--summarize', '--block-size=1', dir], { deadlineMs: DU_MS, allowFailure: true });
  return Number(stdout.split('\t')[0]) || 0;
}
