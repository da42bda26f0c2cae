/** `{file: prompts/NAME.md}` anywhere in `with` stands for the text of that file. */

export const isFileReference = (value: unknown): value is { file: string } =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 1 &&
  typeof (value as { file?: unknown }).file === 'string';

/** The value with the texts of files in place of references; one to no file stays. */
export function withFiles(value: unknown, files: Readonly<Record<string, string>>): unknown {
  if (isFileReference(value)) return Object.hasOwn(files, value.file) ? files[value.file] : value;
  if (Array.isArray(value)) return value.map((inner) => withFiles(inner, files));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withFiles(inner, files)]));
}
