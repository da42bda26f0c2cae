import { ChpError } from '../../core/errors.ts';

const SEGMENT = /\[(?:(\d+)|"([^"]+)"|'([^']+)')\]|(?:^|(?<!^)\.)([^.[\]]+)/y;

/** `a.b[2].c`, `a.b.2.c`, or `a["key.with.dots"]` as a path. @throws BAD_INPUT */
export function parsePath(text: string): string[] {
  const path: string[] = [];
  SEGMENT.lastIndex = 0;
  for (let end = 0; end < text.length; end = SEGMENT.lastIndex) {
    const found = SEGMENT.exec(text);
    const segment = found?.slice(1).find((part) => part !== undefined);
    if (segment === undefined) throw noPath(text);
    path.push(segment);
  }
  if (path.length === 0) throw noPath(text);
  return path;
}

function noPath(text: string): ChpError {
  return new ChpError('BAD_INPUT', `"${text}" is no path`, {
    next: ['Write it with dots: agents.defaults.timeoutSeconds; a key with dots as agents.list["a.b"].'],
  });
}
