import { DEVICE_ACTIONS, operationOf } from './connectors/index.ts';
import type { Operation } from './connectors/operation.ts';
import { type PackStep, RISKS, type Risk } from './schema.ts';
import { verbOf } from './verbs/index.ts';

/** The connector’s operation that a step calls; null for other verbs and for one that does not exist. */
export function operationAt(step: PackStep): Operation | null {
  const { connector, operation, action } = step.with ?? {};
  if (step.uses === 'connector.call') return operationOf(String(connector), String(operation));
  if (step.uses !== 'device.call') return null;
  return Object.hasOwn(DEVICE_ACTIONS, String(action)) ? (DEVICE_ACTIONS[String(action)] ?? null) : null;
}

/** What the verb or its operation makes of a step; null when that is not known. */
export function realRisk(step: PackStep): Risk | null {
  const verb = verbOf(step.uses);
  if (!verb) return null;
  return verb.risk === 'operation' ? (operationAt(step)?.risk ?? null) : verb.risk;
}

/** The real risk, or what the pack says when that is more. */
export function riskOf(step: PackStep): Risk {
  return highest([realRisk(step) ?? 'low', step.risk ?? 'low']);
}

export const highest = (risks: readonly Risk[]): Risk =>
  risks.reduce<Risk>((top, risk) => (RISKS.indexOf(risk) > RISKS.indexOf(top) ? risk : top), 'low');

/** False for a word that is no risk. */
export const isLower = (a: Risk, b: Risk): boolean => RISKS.includes(a) && RISKS.indexOf(a) < RISKS.indexOf(b);
