import { valueProblems } from '../check-value.ts';

/** Characters of an answer. */
const MAX_ANSWER = 64 * 1024;

/** An answer of the agent as the step’s output, or what is wrong with it, in words for the agent. */
export function readAnswer(
  text: string,
  schema: Record<string, unknown> | undefined,
): { value: unknown } | { wrong: string[] } {
  if (text.length > MAX_ANSWER) return { wrong: [`it has more than ${MAX_ANSWER} characters`] };
  if (text.trim() === '') return { wrong: ['it is empty'] };
  if (schema === undefined) return { value: { text } };
  const found = jsonIn(text);
  if (found === undefined) return { wrong: ['it holds no JSON object'] };
  const wrong = valueProblems(schema, found).map(({ message }) => message);
  return wrong.length === 0 ? { value: found } : { wrong: wrong.slice(0, 10) };
}

/** The object in an answer: all of it, in a fenced block, or from the first brace to the last. */
function jsonIn(text: string): object | undefined {
  const fence = text.indexOf('```');
  const fenced =
    fence < 0 ? '' : text.slice(text.indexOf('\n', fence) + 1, Math.max(0, text.indexOf('```', fence + 3)));
  const braces = text.slice(Math.max(0, text.indexOf('{')), text.lastIndexOf('}') + 1);
  for (const candidate of [text, fenced, braces]) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
