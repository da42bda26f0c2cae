import type { Scope } from '../expressions/check.ts';
import type { ExpressionError } from '../expressions/limits.ts';
import type { Variable } from '../expressions/parse.ts';
import { bareExpression, hasExpression, parseTemplate } from '../expressions/template.ts';
import { isFileReference } from '../prompts.ts';
import type { PackDocument } from '../schema.ts';
import { type WalkedStep, walkSteps } from '../walk.ts';

/** One expression of a pack, and what it may name. */
export interface FoundExpression {
  /** null = it could not be read; `wrong` says why. */
  source: string | null;
  wrong?: string;
  scope: Scope;
  /** In pack.yaml: the text that holds it, or the reference to the file that does. */
  path: readonly (string | number)[];
  /** The file that holds it and where it begins there, when that is not pack.yaml. */
  file?: { name: string; offset: number };
  /** Id of the step it stands in. */
  step?: string;
}

const BASE: readonly Variable[] = ['inputs', 'steps', 'tenant', 'members', 'trigger', 'now', 'run'];
const OF_TRIGGER: readonly Variable[] = ['inputs', 'tenant', 'members'];

/** Every expression of a pack: in steps, outputs, triggers and the prompts they use. */
export function findExpressions(document: PackDocument, files: ReadonlyMap<string, string>): FoundExpression[] {
  const { steps, after } = walkSteps(document);
  const ids = steps.map(({ step }) => step.id);
  const inputs = Object.keys(document.inputs ?? {});
  const scopeOf = (variables: readonly Variable[], seen: readonly string[]): Scope => ({
    inputs,
    steps: seen,
    later: ids.filter((id) => !seen.includes(id)),
    variables: new Set(variables),
  });
  const found: FoundExpression[] = [];
  const bare = (text: string | undefined, path: FoundExpression['path'], scope: Scope, step?: string): void => {
    if (text !== undefined) found.push({ ...read(() => bareExpression(text).source), path, scope, ...idOf(step) });
  };
  const deep = (value: unknown, path: FoundExpression['path'], scope: Scope, step?: string): void => {
    const text = isFileReference(value) ? files.get(value.file) : value;
    if (typeof text === 'string') {
      if (!hasExpression(text)) return;
      for (const { offset, ...one } of templates(text))
        found.push({
          ...one,
          path,
          scope,
          ...idOf(step),
          ...(isFileReference(value) ? { file: { name: value.file, offset } } : {}),
        });
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value))
        deep(inner, [...path, Array.isArray(value) ? Number(key) : key], scope, step);
  };

  for (const [index, trigger] of document.triggers.entries()) {
    const path = ['triggers', index];
    const item: Variable[] = trigger['for-each'] === undefined ? [] : ['item'];
    deep(trigger.schedule, [...path, 'schedule'], scopeOf([...OF_TRIGGER, ...item], []));
    bare(trigger['for-each'], [...path, 'for-each'], scopeOf(OF_TRIGGER, []));
    bare(trigger.event?.if, [...path, 'event', 'if'], scopeOf([...OF_TRIGGER, 'trigger'], []));
  }
  for (const walked of steps) {
    const { step, path, before } = walked;
    const around = scopeOf(variablesAt(walked, false), before);
    const own = scopeOf(variablesAt(walked, true), before);
    bare(step['for-each'], [...path, 'for-each'], around, step.id);
    bare(step.if, [...path, 'if'], own, step.id);
    deep(step.with, [...path, 'with'], own, step.id);
    deep(step.wait, [...path, 'wait'], own, step.id);
  }
  const perItem: Variable[] = document.triggers.some((trigger) => trigger['for-each'] !== undefined) ? ['item'] : [];
  deep(document.outputs, ['outputs'], scopeOf([...BASE, ...perItem], after));
  return found;
}

function variablesAt({ step, inLoop, inFailure }: WalkedStep, own: boolean): Variable[] {
  const item = inLoop || (own && step['for-each'] !== undefined);
  return [...BASE, ...(item ? (['item'] as const) : []), ...(inFailure ? (['failure'] as const) : [])];
}

const idOf = (step: string | undefined): { step?: string } => (step === undefined ? {} : { step });

function read(source: () => string): { source: string | null; wrong?: string } {
  try {
    return { source: source() };
  } catch (error) {
    return { source: null, wrong: (error as ExpressionError).message };
  }
}

function templates(text: string): { source: string | null; wrong?: string; offset: number }[] {
  try {
    return parseTemplate(text).parts.filter((part) => typeof part === 'object');
  } catch (error) {
    const { message, offset } = error as ExpressionError;
    return [{ source: null, wrong: message, offset }];
  }
}
