import { ExpressionError } from './limits.ts';
import { type Allowance, metered } from './meter.ts';
import { explained, parseExpression, type Variable } from './parse.ts';
import { bareExpression, hasExpression, parseTemplate, wholeExpression } from './template.ts';

/** Who pays for an evaluation; expressions don't see it. */
export const PAID_BY: unique symbol = Symbol('paid by');

/** JSON values by variable; what is left out can't be used. */
export type Context = Partial<Record<Variable, unknown>> & { [PAID_BY]?: Allowance };

/** Value of an expression, as JSON. @throws ExpressionError */
export function evaluate(source: string, context: Context): unknown {
  const { run } = parseExpression(source);
  let value: unknown;
  try {
    const { [PAID_BY]: allowance, ...variables } = context;
    value = metered(() => run(variables), source.length, allowance);
  } catch (error) {
    throw explained(error);
  }
  return toJson(value);
}

/** `if`: must be true or false. @throws ExpressionError */
export function evaluateCondition(text: string, context: Context): boolean {
  const value = evaluate(bareExpression(text).source, context);
  if (typeof value !== 'boolean') throw new ExpressionError(`it must be true or false, not ${typeof value}`);
  return value;
}

/** A text of the pack with its expressions evaluated: one that is nothing but an expression keeps that one’s type. */
export function renderText(text: string, context: Context): unknown {
  if (!hasExpression(text)) return text;
  const template = parseTemplate(text);
  const whole = wholeExpression(template);
  if (whole) return evaluate(whole.source, context);
  return template.parts
    .map((part) => (typeof part === 'string' ? part : asText(evaluate(part.source, context))))
    .join('');
}

/** Every text in a value. Keys are taken as they are. @throws ExpressionError */
export function renderValue(value: unknown, context: Context): unknown {
  if (typeof value === 'string') return renderText(value, context);
  if (Array.isArray(value)) return value.map((inner) => renderValue(inner, context));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renderValue(inner, context)]));
}

function asText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** CEL’s integers as numbers, times and durations as texts; everything else as it is. */
function toJson(value: unknown, depth = 0): unknown {
  if (depth > 40) throw new ExpressionError('its value is nested too deep');
  switch (typeof value) {
    case 'bigint':
      if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
        throw new ExpressionError(`${value} is too large a number`);
      return Number(value);
    case 'number':
      if (!Number.isFinite(value)) throw new ExpressionError('its value is no finite number');
      return value;
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : fromObject(value, depth);
    default:
      throw new ExpressionError('its value is none that a step can use');
  }
}

function fromObject(value: object, depth: number): unknown {
  if (Array.isArray(value)) return value.map((inner) => toJson(inner, depth + 1));
  if (value instanceof Date) return value.toISOString();
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== '__proto__')
        .map(([key, inner]) => [key, toJson(inner, depth + 1)]),
    );
  if ((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'google.protobuf.Duration')
    return String(value);
  throw new ExpressionError('its value is none that a step can use; an optional value needs `.orValue(…)`');
}
