import type { ASTNode } from '@marcbachmann/cel-js';
import { parseExpression } from '../../expressions/parse.ts';
import { bareExpression } from '../../expressions/template.ts';
import { riskOf } from '../../risk.ts';
import type { PackStep } from '../../schema.ts';
import type { Finding, LintRule } from '../rule.ts';

export const approveFirst: LintRule = {
  name: 'approve-first',
  about: 'Before a step of high risk, on every way to it, somebody has approved.',
  check({ document }) {
    const found: Finding[] = [];
    ofList(document.steps as PackStep[], ['steps'], { approved: false, asked: [] }, found);
    return found;
  },
};

/** What is known when a step begins. */
interface Known {
  /** Somebody has said yes on every way to here. */
  approved: boolean;
  /** Ids of `approve` steps that have ended, well or not. */
  asked: readonly string[];
}

function ofList(steps: readonly PackStep[], path: (string | number)[], before: Known, found: Finding[]): Known {
  return steps.reduce((known, step, index) => ofStep(step, [...path, index], known, found), before);
}

function ofStep(step: PackStep, path: (string | number)[], before: Known, found: Finding[]): Known {
  const inside = { ...before, approved: before.approved || isGuarded(step.if, before.asked) };
  if (step.uses !== undefined && step.uses !== 'approve' && riskOf(step) === 'high' && !inside.approved)
    found.push({
      path: [...path, 'uses'],
      message: `step "${step.id}" is of high risk, and nobody approves it on every way to it`,
      suggestion: 'put a step with `uses: approve` before it, without `if` and without `on-failure: continue`',
    });
  const policy = step['on-failure'];
  if (typeof policy === 'object') ofList(policy.steps, [...path, 'on-failure', 'steps'], before, found);
  const after = insideOf(step, path, inside, found);
  const outcome = typeof policy === 'object' ? policy.outcome : policy;
  const certain = step.if === undefined && step['for-each'] === undefined && outcome !== 'continue';
  return {
    approved: before.approved || (certain && after.approved),
    asked: step['for-each'] === undefined ? after.asked : before.asked,
  };
}

function insideOf(step: PackStep, path: (string | number)[], known: Known, found: Finding[]): Known {
  if (step.uses === 'approve') return { approved: true, asked: [...known.asked, step.id] };
  if (step.steps) return ofList(step.steps, [...path, 'steps'], known, found);
  const branches = (step.parallel ?? []).map((branch, index) =>
    ofList(branch, [...path, 'parallel', index], known, found),
  );
  return {
    approved: known.approved || branches.some(({ approved }) => approved),
    asked: [...known.asked, ...branches.flatMap(({ asked }) => asked)],
  };
}

/** `if: steps.ask.status == "success" && …` of a step that asked. */
function isGuarded(condition: string | undefined, asked: readonly string[]): boolean {
  if (condition === undefined || asked.length === 0) return false;
  const holds = (node: ASTNode): boolean => {
    if (node.op === '&&') return node.args.some(holds);
    if (node.op !== '==') return false;
    const [left, right] = node.args;
    return right.op === 'value' && right.args === 'success' && asked.some((id) => isStatusOf(left, id));
  };
  try {
    return holds(parseExpression(bareExpression(condition).source).ast);
  } catch {
    return false;
  }
}

function isStatusOf(node: ASTNode, id: string): boolean {
  if (node.op !== '.' || node.args[1] !== 'status') return false;
  const [step] = node.args;
  return step.op === '.' && step.args[1] === id && step.args[0].op === 'id' && step.args[0].args === 'steps';
}
