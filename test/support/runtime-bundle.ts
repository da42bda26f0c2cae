import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBundle } from '../../src/adapters/runtimes/bundle.ts';
import { clawdbot } from '../../src/adapters/runtimes/clawdbot/adapter.ts';
import type { Platform } from '../../src/core/generation.ts';
import { chpHome } from '../../src/core/home.ts';
import type { StepHandle } from '../../src/core/ports/progress.ts';
import type { RuntimeBundle } from '../../src/core/ports/runtime.ts';

/** Kept between runs, shared by every test that needs the real gateway: the first one downloads and packs it. */
export const TEST_CACHE = process.env.CHP_TEST_CACHE ?? join(tmpdir(), 'chp-test-cache');

/** The real runtime bundle (node + gateway) for this machine. */
export function testBundle(
  platform: Platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
): Promise<RuntimeBundle> {
  const home = chpHome({ CHP_HOME: join(TEST_CACHE, 'home'), CHP_CACHE: TEST_CACHE });
  return buildBundle({ runtime: clawdbot, platform, home, progress: SILENT, signal: new AbortController().signal });
}

const SILENT: StepHandle = {
  step: (_title, work) => work(SILENT),
  note: () => {},
  warn: () => {},
  update: () => {},
  says: () => {},
};
