import { didYouMean } from '../../../core/documents/problems.ts';
import { isFileReference } from '../../prompts.ts';
import type { Finding, LintRule } from '../rule.ts';

export const prompts: LintRule = {
  name: 'prompts',
  about: 'A file that a step names is in the pack, and every prompt is named by some step.',
  check({ steps, files }) {
    const known = [...files.keys()].filter((path) => path.startsWith('prompts/'));
    const named = new Set<string>();
    const missing: Finding[] = [];
    const visit = (value: unknown, path: readonly (string | number)[]): void => {
      if (isFileReference(value)) {
        named.add(value.file);
        if (!known.includes(value.file))
          missing.push({
            path: [...path, 'file'],
            message: `there is no file "${value.file}" in the pack`,
            suggestion: didYouMean(value.file, known),
          });
      } else if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value))
          visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    for (const { step, path } of steps) visit(step.with, [...path, 'with']);
    return [
      ...missing,
      ...known
        .filter((file) => !named.has(file))
        .map((file): Finding => ({ file, message: 'no step names this prompt', severity: 'warning' })),
    ];
  },
};
