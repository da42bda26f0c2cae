import { riskOf } from '../risk.ts';
import type { PackDocument, PackStep, PackTrigger, Risk } from '../schema.ts';

/** A pack as a picture has it: what people read, without coordinates. */
export interface Graph {
  title: string;
  /** What starts a run. */
  starts: string[];
  blocks: Block[];
}

export interface Block {
  id: string;
  kind: 'verb' | 'ask' | 'wait' | 'group' | 'parallel';
  /** Its name, or its id. */
  title: string;
  /** What it does, in the words of the pack. */
  does: string;
  /** `if` and `for-each`. */
  conditions: string[];
  risk: Risk;
  branches: Block[][];
  failure: { steps: Block[]; outcome: string } | null;
}

export function graphOf(document: PackDocument): Graph {
  return {
    title: `${document.id} ${document.version}`,
    starts: document.triggers.map(startOf),
    blocks: (document.steps as PackStep[]).map(blockOf),
  };
}

function startOf({ schedule, timezone, webhook, message, event, ...trigger }: PackTrigger): string {
  const each = trigger['for-each'] === undefined ? '' : `, for each of ${trigger['for-each']}`;
  if (schedule !== undefined)
    return `schedule ${schedule.replace(/\$\{\{\s*(.*?)\s*\}\}/g, '$1')}${timezone ? ` ${timezone}` : ''}${each}`;
  if (webhook !== undefined) return `webhook ${webhook}`;
  if (message !== undefined) return `message “${message}”`;
  if (event) return `event ${event.source} ${event.type}`;
  return 'by hand';
}

function blockOf(step: PackStep): Block {
  const policy = step['on-failure'];
  const loop = step['for-each'];
  return {
    id: step.id,
    kind: kindOf(step),
    title: step.name ?? step.id,
    does: doesOf(step),
    conditions: [
      ...(loop === undefined ? [] : [`for each of ${loop}`]),
      ...(step.if === undefined ? [] : [`if ${step.if}`]),
    ],
    risk: riskOf(step),
    branches: step.parallel?.map((branch) => branch.map(blockOf)) ?? (step.steps ? [step.steps.map(blockOf)] : []),
    failure:
      policy === undefined || policy === 'fail'
        ? null
        : typeof policy === 'string'
          ? { steps: [], outcome: policy }
          : { steps: policy.steps.map(blockOf), outcome: policy.outcome },
  };
}

function kindOf(step: PackStep): Block['kind'] {
  if (step.parallel) return 'parallel';
  if (step.steps) return 'group';
  if (step.wait) return 'wait';
  return step.uses === 'approve' || step.uses === 'escalate' ? 'ask' : 'verb';
}

function doesOf(step: PackStep): string {
  if (step.wait) return step.wait.for === undefined ? `wait until ${step.wait.until}` : `wait for ${step.wait.for}`;
  const { connector, operation, action, pack, roles } = step.with ?? {};
  const what = [connector, operation, action, pack, Array.isArray(roles) ? roles.join(', ') : undefined];
  return [step.uses, ...what.filter((word) => typeof word === 'string')].filter(Boolean).join(' ');
}
