import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { registerFunctions } from './functions.ts';
import { guard } from './guard.ts';
import { ExpressionError, LIMITS } from './limits.ts';
import { tick } from './meter.ts';

/** What an expression sees. */
export const VARIABLES = {
  inputs: 'map',
  steps: 'map',
  item: 'dyn',
  tenant: 'map',
  members: 'list',
  trigger: 'map',
  now: 'string',
  run: 'map',
  failure: 'map',
} as const;
export type Variable = keyof typeof VARIABLES;

export interface ParsedExpression {
  ast: ASTNode;
  /** The expression with every place that makes or goes through a value counted. */
  run: ParseResult;
}

const CACHED = 1000;
const cache = new Map<string, ParsedExpression>();
let shared: Environment | undefined;

function environment(): Environment {
  if (shared) return shared;
  shared = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: LIMITS.nodes,
      maxDepth: LIMITS.depth,
      maxListElements: LIMITS.literal,
      maxMapEntries: LIMITS.literal,
      maxCallArguments: LIMITS.arguments,
    },
  });
  for (const [name, type] of Object.entries(VARIABLES)) shared.registerVariable(name, type);
  registerFunctions(shared);
  return shared;
}

let counted: Environment | undefined;
function countedEnvironment(): Environment {
  // What was written is parsed by the other one, where `tick` is unknown. Counting adds nodes and depth.
  counted ??= environment()
    .clone({ limits: { maxAstNodes: LIMITS.nodes * 3, maxDepth: LIMITS.depth * 3 } })
    .registerFunction('tick(dyn): dyn', tick, { async: false } as object);
  return counted;
}

/** An allowed expression, type-checked. @throws ExpressionError */
export function parseExpression(source: string): ParsedExpression {
  const known = cache.get(source);
  if (known) return known;
  if (source === '') throw new ExpressionError('it is empty');
  if (source.length > LIMITS.source) throw new ExpressionError(`it has more than ${LIMITS.source} characters`);
  const parsed = attempt(() => environment().parse(source));
  const marks = guard(parsed.ast);
  const checked = parsed.check();
  if (!checked.valid) throw explained(checked.error);
  const expression = { ast: parsed.ast, run: attempt(() => countedEnvironment().parse(withMarks(source, marks))) };
  if (cache.size >= CACHED) cache.clear();
  cache.set(source, expression);
  return expression;
}

function withMarks(source: string, nodes: readonly ASTNode[]): string {
  const inserts = [
    ...nodes.map(({ range }) => ({ at: range.end, text: ')' })),
    ...nodes.map(({ range }) => ({ at: range.start, text: 'tick(' })),
  ].sort((a, b) => a.at - b.at);
  let at = 0;
  let out = '';
  for (const insert of inserts) {
    out += source.slice(at, insert.at) + insert.text;
    at = insert.at;
  }
  return out + source.slice(at);
}

/** An error of the library in one line. */
export function explained(error: unknown): ExpressionError {
  if (error instanceof ExpressionError) return error;
  const { summary, range, cause } = error as { summary?: string; range?: { start: number }; cause?: unknown };
  if (cause instanceof ExpressionError) return cause;
  const words = summary ?? (error as Error).message.split('\n')[0] ?? 'it is not valid';
  return new ExpressionError(words.replaceAll(/dyn<(\w+)>/g, '$1'), range?.start ?? 0);
}

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw explained(error);
  }
}
