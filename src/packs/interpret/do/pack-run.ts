import { StepFailure } from '../failure.ts';
import type { VerbStep } from './verb-step.ts';

export async function runOther({ running, path, with: given }: VerbStep): Promise<unknown> {
  const { pack, inputs = {} } = given as { pack: string; inputs?: Record<string, unknown> };
  if (!running.input.pack.requires?.packs?.includes(pack))
    throw new StepFailure('undeclared', `the pack does not require the pack "${pack}"`);
  const { status, outputs, reason, planned = [] } = await running.ports.runPack(pack, inputs, path);
  for (const effect of planned) running.planned.push({ ...effect, path: `${path}/${pack}/${effect.path}` });
  if (status === 'success' || status === 'soft-fail') return { status, outputs, reason };
  const kind = status === 'needs-info' ? 'needs-info' : 'refused';
  throw new StepFailure(kind, `pack ${pack} ended as ${status}${reason ? `: ${reason}` : ''}`);
}
