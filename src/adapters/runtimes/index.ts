import { ChpError } from '../../core/errors.ts';
import type { RuntimeAdapter } from '../../core/ports/runtime.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import { clawdbot } from './clawdbot/adapter.ts';

const ADAPTERS: readonly RuntimeAdapter[] = [clawdbot];

/** @throws BAD_INPUT naming what there is */
export function runtimeAdapter({ name, version }: Tenant['runtime']): RuntimeAdapter {
  const adapter = ADAPTERS.find((known) => known.name === name && known.version === version);
  if (adapter) return adapter;
  throw new ChpError('BAD_INPUT', `chp can't run ${name}@${version} yet`, {
    why: 'Each runtime has an adapter that was tested with exactly one version.',
    next: ADAPTERS.map((known) => `Set runtime: ${known.name}@${known.version}`),
  });
}
