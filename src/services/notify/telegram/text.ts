/** Characters of one message, in UTF-16 units, after its entities are parsed. */
const MAX_TEXT = 4096;

/** For `parse_mode: HTML`. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Parts that fit, cut at the end of a paragraph, a line, a sentence or a word where one is near. */
export function split(text: string, max = MAX_TEXT): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > max) {
    const at = cutOf(rest, max);
    parts.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  return rest === '' && parts.length > 0 ? parts : [...parts, rest || '…'];
}

function cutOf(text: string, max: number): number {
  const head = text.slice(0, max);
  for (const [end, length] of [
    ['\n\n', 2],
    ['\n', 1],
    ['. ', 2],
    [' ', 1],
  ] as const) {
    const at = head.lastIndexOf(end);
    if (at > max / 2) return at + length;
  }
  // Not through the middle of a character.
  return /[\uD800-\uDBFF]$/.test(head) ? max - 1 : max;
}
