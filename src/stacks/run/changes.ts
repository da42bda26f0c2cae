import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import type { InfrastructureChange } from '../../core/plan.ts';

type Step = NonNullable<EngineEvent['resourcePreEvent']>['metadata'];

const OPS: Record<string, InfrastructureChange['op']> = {
  create: 'create',
  update: 'update',
  replace: 'replace',
  'create-replacement': 'replace',
  delete: 'delete',
};

/** What a step of the engine changes, in the words of a plan; null = nothing that an operator would call a change. Pure. */
export function changeOf({ resourcePreEvent }: EngineEvent): InfrastructureChange | null {
  const step = resourcePreEvent?.metadata;
  const op = step && OPS[step.op];
  if (!step || !op || step.type.startsWith('pulumi:')) return null;
  return { resource: step.urn.split('::').slice(-2).join('::'), op, paths: op === 'update' ? differing(step) : [] };
}

/** What was found changed on the host, then the inputs that differ; never values, for some are secrets. */
function differing({ old, new: next }: Step): string[] {
  const drift = (old?.outputs as { drift?: string[] } | undefined)?.drift ?? [];
  const [before, after] = [old?.inputs ?? {}, next?.inputs ?? {}] as Record<string, unknown>[];
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].sort();
  return [...drift, ...names.filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]))];
}
