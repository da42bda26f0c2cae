import { ChpError } from '../../core/errors.ts';
import type { RuntimeAdapter } from '../../core/ports/runtime.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import { clawdbot } from './clawdbot/adapter.ts';

const ADAPTERS: readonly RuntimeAdapter[] = [clawdbot];

/** What drives a runtime, whatever its version. @throws BAD_INPUT naming what there is */
export function runtimeAdapter(runtime: Tenant['runtime']): RuntimeAdapter {
  const adapter = ADAPTERS.find(({ name }) => name === runtime.name);
  if (adapter) return adapter;
  throw unknownRuntime(runtime);
}

export function unknownRuntime({ name, version }: Tenant['runtime']): ChpError {
  return new ChpError('BAD_INPUT', `chp can't run ${name}@${version} yet`, {
    why: 'Each chp comes with one version of each runtime, which it was tested with; no bundle of another one was imported.',
    next: [
      ...ADAPTERS.map((known) => `Set runtime: ${known.name}@${known.version}`),
      `With a chp that has it: chp bundle build --out FILE; then here: chp bundle import FILE`,
    ],
  });
}
