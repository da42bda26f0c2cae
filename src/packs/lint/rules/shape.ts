import type { Finding, LintRule } from '../rule.ts';

const KINDS = ['uses', 'wait', 'parallel', 'steps'] as const;
const STARTS = ['schedule', 'webhook', 'message', 'event', 'manual'] as const;
const OF_SCHEDULE = ['timezone', 'overlap', 'catch-up', 'jitter', 'for-each'] as const;
const OF_VERB = ['with', 'timeout', 'retry'] as const;

export const shape: LintRule = {
  name: 'shape',
  about:
    'A step is exactly one of uses, wait, parallel, steps; a trigger exactly one of schedule, webhook, message, event, manual.',
  check: ({ document, steps }) => [
    ...document.triggers.flatMap((trigger, index) => ofTrigger(trigger, ['triggers', index])),
    ...steps.flatMap(({ step, path }): Finding[] => {
      const kinds = KINDS.filter((kind) => step[kind] !== undefined);
      if (kinds.length !== 1)
        return [{ path, message: `step "${step.id}" must have one of ${KINDS.join(', ')}, not ${said(kinds)}` }];
      if (step.wait && (step.wait.for === undefined) === (step.wait.until === undefined))
        return [{ path: [...path, 'wait'], message: '`wait` must have one of for, until' }];
      return OF_VERB.filter((key) => step[key] !== undefined && step.uses === undefined).map((key) => ({
        path: [...path, key],
        key: true,
        message: `\`${key}\` is only for a step with \`uses\``,
      }));
    }),
  ],
};

function ofTrigger(trigger: Record<string, unknown>, path: (string | number)[]): Finding[] {
  const starts = STARTS.filter((start) => trigger[start] !== undefined);
  if (starts.length !== 1)
    return [{ path, message: `a trigger must have one of ${STARTS.join(', ')}, not ${said(starts)}` }];
  return OF_SCHEDULE.filter((key) => trigger[key] !== undefined && trigger.schedule === undefined).map((key) => ({
    path: [...path, key],
    key: true,
    message: `\`${key}\` is only for a schedule`,
  }));
}

const said = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(' and '));
