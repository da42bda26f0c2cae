import { writeOfflineBundle } from '../adapters/runtimes/bundle-file.ts';
import type { Platform } from '../core/generation.ts';
import type { RuntimeBundle } from '../core/ports/runtime.ts';
import { DEFAULT_RUNTIME } from '../core/tenant/defaults.ts';
import type { Context } from './context.ts';
import { runtimeBundle } from './runtime-bundle.ts';

export { inspectBundle, readOfflineBundle, verifyBundle } from '../adapters/runtimes/bundle-file.ts';

export interface BuiltBundle {
  bundle: RuntimeBundle;
  /** The one-file form, where one was asked for. */
  file: { path: string; size: number } | null;
}

/** Builds the default runtime for a platform, and writes it as one file where `out` says. @throws as `buildBundle`, `writeOfflineBundle` */
export async function buildRuntime(
  context: Context,
  platform: Platform,
  out: string | undefined,
): Promise<BuiltBundle> {
  const [name, version = ''] = DEFAULT_RUNTIME.split(/@(.*)/s);
  const bundle = await runtimeBundle(context, { runtime: { name: name as 'clawdbot', version } }, platform);
  if (out === undefined) return { bundle, file: null };
  const size = await context.progress.step(`Write ${out}`, () => writeOfflineBundle(bundle, out));
  return { bundle, file: { path: out, size } };
}
