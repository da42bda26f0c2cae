import { ChpError } from '../../core/errors.ts';

/**
 * Fields of a SKILL.md: single-line `key: value` pairs between --- lines (the gateway's own parser takes no other).
 * @throws BAD_INPUT
 */
export function frontmatter(text: string, source: string): Record<string, string> {
  const block = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(text)?.[1];
  if (block === undefined) throw bad(source, 'its SKILL.md does not begin with a block between --- lines');
  const fields: Record<string, string> = {};
  for (const line of block.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const [, key, value] = /^([a-z][\w-]*):\s*(.*)$/i.exec(line) ?? [];
    if (!key) throw bad(source, `its frontmatter has a line that is not "key: value": ${line.slice(0, 60)}`);
    fields[key] = (value ?? '').replace(/^(['"])(.*)\1$/, '$2');
  }
  if (fields.metadata) {
    try {
      JSON.parse(fields.metadata);
    } catch {
      throw bad(source, 'the metadata in its frontmatter is not JSON on one line');
    }
  }
  return fields;
}

export function bad(source: string, why: string): ChpError {
  return new ChpError('BAD_INPUT', `${source} is no usable skill: ${why}`);
}
