import type { ConfigDrift } from '../core/agent-protocol.ts';
import { table } from './table.ts';

const json = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));

export function presentDrift(drift: readonly ConfigDrift[]): string {
  if (drift.length === 0) return 'The host has the config that was pushed.';
  return table(
    ['PATH', 'OWNER', 'PUSHED', 'ON THE HOST', 'APPLY WOULD'],
    drift.map(({ path, owner, base, live }) => [
      path || '(all)',
      owner,
      json(base),
      json(live),
      owner === 'operator' ? 'put back' : 'keep it',
    ]),
  );
}
