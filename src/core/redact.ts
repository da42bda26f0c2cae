/** What stands where a secret was. */
export const HIDDEN = '[hidden]';
/** Shorter values would hide ordinary words; secrets that short protect nothing. */
const MIN_LENGTH = 6;
const MIN_LINE_LENGTH = 16;

/** Replaces known secret values, and the forms they commonly travel in, in everything that leaves the process. */
export class Redactor {
  #needles: string[] = [];

  /** Also hides the value as JSON, URL component and base64, and each long line of a text of several lines. */
  add(...values: string[]): void {
    const needles = new Set(this.#needles);
    for (const value of values) for (const form of formsOf(value)) needles.add(form);
    // The longest first: a secret may be a part of another.
    this.#needles = [...needles].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    let result = text;
    for (const needle of this.#needles) result = result.replaceAll(needle, HIDDEN);
    return result;
  }

  /** A deep copy of plain data with every string and key redacted. */
  json<T>(value: T): T {
    return this.#walk(value) as T;
  }

  #walk(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (value === null || typeof value !== 'object') return value;
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.#walk(value.toJSON());
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#walk(item)]));
  }
}

/** One for the process: a secret met anywhere must be hidden everywhere (logs, errors, audit, job journal). */
export const redactor = new Redactor();

function formsOf(value: string): string[] {
  if (value.trim().length < MIN_LENGTH) return [];
  const lines = value.includes('\n') ? value.split('\n').filter((line) => line.trim().length >= MIN_LINE_LENGTH) : [];
  const base64 = Buffer.from(value).toString('base64');
  return [
    value,
    value.trim(),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(value).toString('base64url'),
    ...lines,
  ];
}
