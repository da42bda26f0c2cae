import type { PackDocument, PackStep } from './schema.ts';

/** A step where it stands. */
export interface WalkedStep {
  step: PackStep;
  /** In the document: `['steps', 0, 'parallel', 1, 0]`. */
  path: (string | number)[];
  /** Ids of the steps that have ended when it begins and whose results it sees. */
  before: readonly string[];
  /** Some `for-each` is around it, or the trigger’s: `item` is known. */
  inLoop: boolean;
  /** It is one of `on-failure`. */
  inFailure: boolean;
  /** The steps around it, outermost first. */
  around: readonly PackStep[];
}

/** Every step in the order in which they may begin, and what is seen when all have ended. Pure. */
export function walkSteps(document: PackDocument): { steps: WalkedStep[]; after: string[] } {
  const steps: WalkedStep[] = [];
  const perItem = document.triggers.some((trigger) => trigger['for-each'] !== undefined);
  const place = { path: ['steps'], before: [], inLoop: perItem, inFailure: false, around: [] };
  return { steps, after: walkList(document.steps as PackStep[], place, steps) };
}

type Place = Omit<WalkedStep, 'step'>;

/** @returns ids whose results are seen after the list */
function walkList(steps: readonly PackStep[], place: Place, found: WalkedStep[]): string[] {
  const seen: string[] = [];
  for (const [index, step] of steps.entries()) {
    const here = { ...place, path: [...place.path, index], before: [...place.before, ...seen] };
    seen.push(...walkStep(step, here, found));
  }
  return seen;
}

function walkStep(step: PackStep, place: Place, found: WalkedStep[]): string[] {
  found.push({ step, ...place });
  const loops = step['for-each'] !== undefined;
  const inner = { ...place, inLoop: place.inLoop || loops, around: [...place.around, step] };
  const seen: string[] = [];
  if (step.steps) seen.push(...walkList(step.steps, { ...inner, path: [...place.path, 'steps'] }, found));
  for (const [index, branch] of (step.parallel ?? []).entries())
    seen.push(...walkList(branch, { ...inner, path: [...place.path, 'parallel', index] }, found));
  const failure = step['on-failure'];
  if (typeof failure === 'object')
    seen.push(
      ...walkList(
        failure.steps,
        {
          ...inner,
          path: [...place.path, 'on-failure', 'steps'],
          before: [...place.before, ...seen, step.id],
          inFailure: true,
        },
        found,
      ),
    );
  // Inside a loop there is one result an item: seen in the same turn only.
  return loops ? [step.id] : [...seen, step.id];
}

/** The steps directly inside a step. */
export function nestedSteps(step: PackStep): PackStep[] {
  const failure = step['on-failure'];
  return [
    ...(step.steps ?? []),
    ...(step.parallel ?? []).flat(),
    ...(typeof failure === 'object' ? failure.steps : []),
  ];
}
