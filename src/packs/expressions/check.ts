import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../../core/documents/problems.ts';
import { ITERATING } from './guard.ts';
import type { ExpressionError } from './limits.ts';
import { parseExpression, VARIABLES, type Variable } from './parse.ts';
import { bareExpression } from './template.ts';

/** What an expression may name where it stands. */
export interface Scope {
  inputs: readonly string[];
  /** Steps that have ended by then. */
  steps: readonly string[];
  /** Steps of the pack that have not: for a better message. */
  later: readonly string[];
  variables: ReadonlySet<Variable>;
}

export interface ExpressionProblem {
  /** Offset in the source. */
  offset: number;
  message: string;
  suggestion?: string;
}

export interface Checked {
  problems: ExpressionProblem[];
  /** Inputs it names. */
  inputs: string[];
  /** Steps it names. */
  steps: string[];
}

/** Whether an expression can be evaluated there. Never throws. */
export function checkExpression(source: string, scope: Scope): Checked {
  const checked: Checked = { problems: [], inputs: [], steps: [] };
  let ast: ASTNode;
  try {
    ({ ast } = parseExpression(source));
  } catch (error) {
    const { message, offset } = error as ExpressionError;
    const [, unknown] = /^Unknown variable: (\w+)$/.exec(message) ?? [];
    const suggestion = unknown === undefined ? undefined : didYouMean(unknown, Object.keys(VARIABLES));
    const words =
      unknown === undefined ? message : `"${unknown}" is unknown; known are ${[...scope.variables].join(', ')}`;
    checked.problems.push({ offset, message: words, ...(suggestion ? { suggestion } : {}) });
    return checked;
  }
  walk(ast, scope, new Set(), checked);
  return checked;
}

function walk(node: ASTNode, scope: Scope, locals: ReadonlySet<string>, checked: Checked): void {
  if (node.op === 'id') {
    if (!locals.has(node.args)) variable(node.args, node, scope, checked);
    return;
  }
  if (node.op === '.' || node.op === '.?' || node.op === '[]' || node.op === '[?]') {
    const [receiver, field] = node.args;
    if (receiver.op === 'id' && !locals.has(receiver.args)) member(receiver.args, field, node, scope, checked);
  }
  if (node.op === 'rcall' && ITERATING.has(node.args[0]) && node.args[2].length > 1) {
    const [, receiver, [local, ...bodies]] = node.args;
    walk(receiver, scope, locals, checked);
    const inner = new Set([...locals, String((local as ASTNode).args)]);
    for (const body of bodies) walk(body, scope, inner, checked);
    return;
  }
  for (const child of childrenOf(node)) walk(child, scope, locals, checked);
}

/** Whether an expression names a variable; false for one that is not allowed. */
export function mentions(text: string, name: Variable): boolean {
  const seen = (node: ASTNode): boolean => (node.op === 'id' && node.args === name) || childrenOf(node).some(seen);
  try {
    return seen(parseExpression(bareExpression(text).source).ast);
  } catch {
    return false;
  }
}

function childrenOf(node: ASTNode): ASTNode[] {
  const args = (Array.isArray(node.args) ? node.args.flat(2) : [node.args]) as unknown[];
  return args.filter((arg): arg is ASTNode => typeof arg === 'object' && arg !== null && 'op' in arg);
}

function variable(name: string, node: ASTNode, scope: Scope, { problems }: Checked): void {
  if (scope.variables.has(name as Variable)) return;
  const message =
    name === 'item'
      ? '`item` is only known inside `for-each`'
      : name === 'failure'
        ? '`failure` is only known in steps of `on-failure`'
        : `"${name}" is unknown here; known are ${[...scope.variables].join(', ')}`;
  problems.push({ offset: node.range.start, message });
}

/** `inputs.x` and `steps.x`: named directly, so that lint sees what a pack uses. */
function member(root: string, field: string | ASTNode, node: ASTNode, scope: Scope, checked: Checked): void {
  if (root !== 'inputs' && root !== 'steps') return;
  const name = typeof field === 'string' ? field : field.op === 'value' ? String(field.args) : null;
  const offset = node.range.start;
  if (name === null) {
    checked.problems.push({
      offset,
      message: `name the ${root === 'inputs' ? 'input' : 'step'} directly: ${root}.NAME`,
    });
    return;
  }
  const known = scope[root];
  checked[root].push(name);
  if (known.includes(name)) return;
  const suggestion = didYouMean(name, known);
  const message =
    root === 'inputs'
      ? `"${name}" is no input of the pack`
      : scope.later.includes(name)
        ? `step "${name}" has not ended when this is evaluated`
        : `there is no step "${name}"`;
  checked.problems.push({ offset, message, ...(suggestion ? { suggestion } : {}) });
}
