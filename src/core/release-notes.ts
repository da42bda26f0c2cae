const MAX_LINES = 200;
const MAX_LINE = 400;

/**
 * What a changelog (Keep a Changelog's form: `## <version>`) says of the versions after `from`, up to `to`. `from` null:
 * of `to` alone. Pure.
 */
export function releaseNotes(changelog: string, from: string | null, to: string): string[] {
  const sections = changelog.split(/^(?=## )/m).filter((section) => section.startsWith('## '));
  const at = (version: string): number => sections.findIndex((section) => headOf(section) === version);
  const first = at(to) < 0 ? at(release(to)) : at(to);
  if (first < 0) return [];
  const last = from === null ? -1 : at(from) < 0 ? at(release(from)) : at(from);
  const wanted = last > first ? sections.slice(first, last) : [sections[first] ?? ''];
  const lines = wanted.flatMap((section) => section.trimEnd().split('\n')).map((line) => line.slice(0, MAX_LINE));
  return lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), `… ${lines.length - MAX_LINES} more lines`];
}

/** `## [1.2.3] - 2026-01-02` → `1.2.3` */
const headOf = (section: string): string => /^## \[?v?([^\s\]]+)/.exec(section)?.[1] ?? '';

/** A build of a release is described with the release: `2026.1.24-3` under `2026.1.24`. */
const release = (version: string): string => version.replace(/-\d+$/, '');
