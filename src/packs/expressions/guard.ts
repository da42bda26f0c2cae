import type { ASTNode } from '@marcbachmann/cel-js';
import { ALLOWED_FUNCTIONS, MACROS } from './functions.ts';
import { ExpressionError } from './limits.ts';

export const ITERATING: ReadonlySet<string> = new Set(MACROS);
/** Their receiver is an optional value, which nothing else takes. */
const OF_OPTIONALS: ReadonlySet<string> = new Set(['or', 'orValue', 'value', 'hasValue']);
const COMPARING: ReadonlySet<string> = new Set(['==', '!=', 'in']);

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Refuses what could hold the worker up or reach past the values: functions outside the list (so `matches`), a macro in
 * a macro, names of prototypes. @returns the nodes whose values are to be counted. @throws ExpressionError
 */
export function guard(ast: ASTNode): ASTNode[] {
  const counted = new Set<ASTNode>();
  visit(ast, false, counted);
  return [...counted];
}

function visit(node: ASTNode, inMacro: boolean, counted: Set<ASTNode>): void {
  switch (node.op) {
    case 'value':
    case 'id':
      return;
    case '.':
    case '.?':
      if (FORBIDDEN_NAMES.has(node.args[1]))
        throw new ExpressionError(`"${node.args[1]}" is no field`, node.range.start);
      visit(node.args[0], inMacro, counted);
      return;
    case 'call': {
      const [name, args] = node.args;
      allowed(name, node);
      if (name === 'has') return;
      counted.add(node);
      for (const arg of args) {
        if (inMacro) counted.add(arg);
        visit(arg, inMacro, counted);
      }
      return;
    }
    case 'rcall': {
      const [name, receiver, args] = node.args;
      allowed(name, node);
      visit(receiver, inMacro, counted);
      if (!ITERATING.has(name)) {
        if (!OF_OPTIONALS.has(name)) {
          counted.add(node);
          // What it goes through costs also when what comes out is small.
          if (inMacro) counted.add(receiver);
        }
        for (const arg of args) visit(arg, inMacro, counted);
        return;
      }
      if (inMacro) throw new ExpressionError(`\`${name}\` stands inside another macro`, node.range.start);
      counted.add(receiver);
      for (const body of args.slice(1)) {
        counted.add(body);
        visit(body, true, counted);
      }
      return;
    }
    case 'list':
      if (inMacro) counted.add(node);
      for (const inner of node.args) visit(inner, inMacro, counted);
      return;
    case 'map':
      for (const [key, value] of node.args) {
        visit(key, inMacro, counted);
        visit(value, inMacro, counted);
      }
      return;
    case '!_':
    case '-_':
      visit(node.args, inMacro, counted);
      return;
    default:
      if (node.op === '+') counted.add(node);
      for (const inner of node.args as ASTNode[]) {
        if (inMacro && COMPARING.has(node.op)) counted.add(inner);
        visit(inner, inMacro, counted);
      }
  }
}

function allowed(name: string, node: ASTNode): void {
  if (name === 'matches')
    throw new ExpressionError(
      '`matches` is not allowed: a pattern can take for ever. Use contains, startsWith, endsWith',
      node.range.start,
    );
  if (!ALLOWED_FUNCTIONS.has(name)) throw new ExpressionError(`\`${name}\` is no function`, node.range.start);
}
