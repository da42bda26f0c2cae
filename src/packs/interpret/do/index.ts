import { renderValue } from '../../expressions/evaluate.ts';
import { withFiles } from '../../prompts.ts';
import type { PackStep } from '../../schema.ts';
import { verbOf } from '../../verbs/index.ts';
import { StepFailure } from '../failure.ts';
import { contextOf, type Frame, type Running } from '../state.ts';
import { askAgent } from './agent-ask.ts';
import { approve } from './approve.ts';
import { audit } from './audit.ts';
import { callConnector, callDevice } from './connector.ts';
import { escalate } from './escalate.ts';
import { assertInput, withoutNulls } from './input.ts';
import { notify } from './notify.ts';
import { runOther } from './pack-run.ts';
import type { VerbStep } from './verb-step.ts';

const DOERS: Record<string, (step: VerbStep) => Promise<unknown>> = {
  'agent.ask': askAgent,
  'connector.call': callConnector,
  'device.call': callDevice,
  notify,
  approve,
  escalate,
  audit,
  set: async (step) => step.with,
  'pack.run': runOther,
};

/** A step’s verb with its input evaluated. @returns the step’s output. @throws StepFailure, VerbFailure, RunEnd */
export async function doVerb(running: Running, step: PackStep, frame: Frame, path: string): Promise<unknown> {
  const verb = verbOf(step.uses);
  const doer = verb && DOERS[verb.name];
  if (!doer) throw new StepFailure('undeclared', `there is no verb "${step.uses}"`);
  const written = withFiles(step.with ?? {}, running.input.pack.prompts);
  const given = withoutNulls(renderValue(written, contextOf(running, frame)) as Record<string, unknown>);
  if (verb.name !== 'set') assertInput(verb.name, verb.input, given);
  return doer({ running, frame, step, verb, path, with: given });
}
