/** A pattern of ssh_config(5): `*` stands for any text, `?` for one character. */
export function matchesPattern(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** A list of patterns: one that matches is enough, unless a negated one (`!pattern`) matches, too. */
export function matchesList(patterns: readonly string[], text: string): boolean {
  const negated = patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), text));
  return !negated && patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, text));
}
