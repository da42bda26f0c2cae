import type { TenantDocument } from '../../core/tenant/schema.ts';
import type { SemanticProblem } from './semantic-problem.ts';

/** Windows that end, and a pause until a day that there is. Pure. */
export function maintenanceProblems({ maintenance }: TenantDocument): SemanticProblem[] {
  const endless = (maintenance?.windows ?? []).flatMap(({ from, to }, index) =>
    from === to
      ? [{ path: ['maintenance', 'windows', index], message: `a window from ${from} to ${to} has no end` }]
      : [],
  );
  const until = maintenance?.pause?.until;
  if (until === undefined || isDay(until)) return endless;
  return [...endless, { path: ['maintenance', 'pause', 'until'], message: `there is no ${until}` }];
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
