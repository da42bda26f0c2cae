import { badDocument } from '../../core/documents/problems.ts';
import { readAnyYaml } from '../../core/documents/yaml.ts';
import { ChpError } from '../../core/errors.ts';

/** One value as YAML or JSON: `120`, `true`, `"text"`, `[a, b]`; a path as `file` in errors. @throws BAD_INPUT */
export function parseValue(text: string, path: string): unknown {
  const parsed = readAnyYaml(text);
  if (!Array.isArray(parsed)) return parsed.value;
  throw new ChpError('BAD_INPUT', badDocument(path, text, parsed).message, {
    next: ['Write it as in YAML or JSON: 120, true, "text", [a, b]; "" for an empty text.'],
  });
}
