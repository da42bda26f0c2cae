import { ExpressionError } from './limits.ts';

/** `${{ … }}` in a text. Only texts of the pack are templates: what an expression gives is never read again. */
export interface Template {
  parts: (string | TemplateExpression)[];
}
export interface TemplateExpression {
  source: string;
  /** Where the source begins in the text. */
  offset: number;
}

const OPEN = '${{';
const QUOTES = ['"""', "'''", '"', "'"];

/** @throws ExpressionError with the offset in the text, when one has no end */
export function parseTemplate(text: string): Template {
  const parts: Template['parts'] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf(OPEN, at);
    if (open < 0) break;
    const begin = open + OPEN.length;
    const end = closing(text, begin);
    if (end < 0) throw new ExpressionError('`${{` has no `}}`', open);
    if (open > at) parts.push(text.slice(at, open));
    const inner = text.slice(begin, end);
    parts.push({ source: inner.trim(), offset: begin + inner.length - inner.trimStart().length });
    at = end + 2;
  }
  if (at < text.length || parts.length === 0) parts.push(text.slice(at));
  return { parts };
}

/** The expression of a text that is one expression and nothing else: it keeps its type. */
export function wholeExpression({ parts }: Template): TemplateExpression | null {
  const [first] = parts;
  return parts.length === 1 && typeof first === 'object' ? first : null;
}

export const hasExpression = (text: string): boolean => text.includes(OPEN);

/** `if`, `for-each`: an expression, with or without `${{ }}`. @throws ExpressionError */
export function bareExpression(text: string): TemplateExpression {
  if (!hasExpression(text)) {
    const source = text.trim();
    return { source, offset: text.length - text.trimStart().length };
  }
  const whole = wholeExpression(parseTemplate(text.trim()));
  if (!whole) throw new ExpressionError('it must be one expression and nothing else');
  return { source: whole.source, offset: whole.offset + text.length - text.trimStart().length };
}

/** Index of the `}}` that ends an expression: not one in a quoted text, nor one that ends a map. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const quote = QUOTES.find((mark) => text.startsWith(mark, at));
    if (quote) {
      const end = endOfQuoted(text, at, quote);
      if (end < 0) return -1;
      at = end - 1;
    } else if (text[at] === '{') depth++;
    else if (text[at] === '}') {
      if (depth === 0) return text[at + 1] === '}' ? at : -1;
      depth--;
    }
  }
  return -1;
}

function endOfQuoted(text: string, open: number, quote: string): number {
  const raw = /[rR]/.test(text[open - 1] ?? '');
  for (let at = open + quote.length; at < text.length; at++) {
    if (text[at] === '\\' && !raw) at++;
    else if (text.startsWith(quote, at)) return at + quote.length;
  }
  return -1;
}
