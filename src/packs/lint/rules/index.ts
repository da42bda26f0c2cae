import type { LintRule } from '../rule.ts';
import { answerSchema } from './answer-schema.ts';
import { approveFirst } from './approve-first.ts';
import { caps } from './caps.ts';
import { cycles } from './cycles.ts';
import { declared } from './declared.ts';
import { events } from './events.ts';
import { expressions } from './expressions.ts';
import { fixtures } from './fixtures.ts';
import { inputs } from './inputs.ts';
import { prompts } from './prompts.ts';
import { risk } from './risk.ts';
import { schedule } from './schedule.ts';
import { secrets } from './secrets.ts';
import { shape } from './shape.ts';
import { stepIds } from './step-ids.ts';
import { verbInput } from './verb-input.ts';
import { verbs } from './verbs.ts';
import { versions } from './versions.ts';

export const RULES: readonly LintRule[] = [
  shape,
  stepIds,
  versions,
  verbs,
  verbInput,
  answerSchema,
  expressions,
  cycles,
  declared,
  inputs,
  prompts,
  schedule,
  events,
  approveFirst,
  risk,
  secrets,
  fixtures,
  caps,
];
