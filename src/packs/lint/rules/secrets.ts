import { looksSecret } from '../../../core/documents/looks-secret.ts';
import type { Finding, LintRule } from '../rule.ts';

export const secrets: LintRule = {
  name: 'secrets',
  about: 'No secret is in a pack, by value or by name: connectors take theirs by themselves.',
  check({ document, files, steps }) {
    const names = document.requires?.secrets ?? [];
    const found: Finding[] = [];
    const visit = (value: unknown, path: readonly (string | number)[]): void => {
      if (typeof value === 'string') {
        const wrong = wrongIn(value, names);
        if (wrong) found.push({ path, ...(wrong.piece ? { piece: wrong.piece } : {}), message: wrong.message });
      } else if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value))
          visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    for (const { step, path } of steps) visit(step.with, [...path, 'with']);
    visit(document.inputs, ['inputs']);
    visit(document.outputs, ['outputs']);
    for (const [file, text] of files) {
      if (!file.startsWith('prompts/')) continue;
      const wrong = wrongIn(text, names);
      if (wrong) found.push({ file, offset: Math.max(0, text.indexOf(wrong.piece)), message: wrong.message });
    }
    return found;
  },
};

function wrongIn(text: string, names: readonly string[]): { message: string; piece: string } | null {
  const value = text.split(/[\s"'`,;()[\]{}<>]+/).find(looksSecret);
  if (value) return { message: 'this looks like a secret in the clear', piece: value };
  const name = names.find((one) => new RegExp(`(^|[^A-Z0-9_])${one}([^A-Z0-9_]|$)`).test(text));
  return name
    ? { message: `the secret ${name} can’t be used here: its connector takes it by itself`, piece: name }
    : null;
}
