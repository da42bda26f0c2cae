import { type Static, Type } from 'typebox';
import { SECRET_NAME_PATTERN } from '../core/names.ts';
import { closed, duration, oneOf } from './types.ts';

/**
 * The one schema of pack.yaml. From it come the TypeScript type, the ajv validator, schemas/pack.schema.json for editors
 * and docs/pack-yaml.md. Words people know from GitHub Actions (`uses`, `with`, `if`) and Home Assistant blueprints
 * (inputs with selectors). Unknown keys are errors everywhere. `${{ … }}` holds a CEL expression.
 */

export const RISKS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

/** How a run ended, for people; a run that a fault ended is `blocked`, with the reason. */
export const RUN_STATUSES = ['success', 'soft-fail', 'needs-info', 'blocked', 'manual-override'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const INPUT_TYPES = [
  'text',
  'number',
  'boolean',
  'choice',
  'time',
  'date',
  'duration',
  'money',
  'phone',
  'list',
  'member',
  'members',
  'calendar',
  'device',
  'url',
] as const;

export const PACK_ID_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';
export const STEP_ID_PATTERN = '^[a-z][a-z0-9_]{0,40}$';

const words = (description: string, pattern: string = PACK_ID_PATTERN) =>
  Type.Array(Type.String({ pattern }), { description, uniqueItems: true, maxItems: 40 });

export const InputSchema = Type.Object(
  {
    type: oneOf(INPUT_TYPES, { description: 'What it holds; also which selector a form shows.' }),
    description: Type.String({ minLength: 1, maxLength: 300, description: 'Asked of whoever installs the pack.' }),
    default: Type.Optional(
      Type.Unknown({ description: 'Used where the tenant says nothing. None: it must be given.' }),
    ),
    options: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 50, description: 'Only for `choice`.' })),
    min: Type.Optional(Type.Number({ description: 'Only for `number` and `money`.' })),
    max: Type.Optional(Type.Number({ description: 'Only for `number` and `money`.' })),
    optional: Type.Optional(Type.Boolean({ description: 'May stay unset: expressions then see null.' })),
  },
  closed,
);

export const RequiresSchema = Type.Object(
  {
    skills: Type.Optional(
      Type.Record(Type.String({ pattern: PACK_ID_PATTERN }), Type.String(), {
        description: 'Skills by name, with a semver range of their version.',
        examples: [{ 'mental-load': '^1.0.0' }],
      }),
    ),
    connectors: Type.Optional(words('Connectors it calls.')),
    secrets: Type.Optional(
      words('Secrets its connectors need, by name. Their values never reach a pack.', SECRET_NAME_PATTERN),
    ),
    roles: Type.Optional(
      words(
        'Roles it turns to; at least one member must have one of them.',
        '^(Admin|Adult|Teen|Child|Guest|Caregiver)$',
      ),
    ),
    packs: Type.Optional(words('Packs it starts by `pack.run`.')),
  },
  { ...closed, description: 'What a tenant must have. A pack reaches nothing that it does not name here.' },
);

export const TriggerSchema = Type.Object(
  {
    schedule: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Five-field cron, or `${{ inputs.X }}` of a `time` input (every day at that time).',
        examples: ['55 6 * * *', '${{ inputs.time }}'],
      }),
    ),
    timezone: Type.Optional(Type.String({ description: 'IANA zone; default: the tenant’s.' })),
    'for-each': Type.Optional(
      Type.String({
        description: 'Expression that gives a list: one schedule each, seen as `item` (per-member times).',
      }),
    ),
    overlap: Type.Optional(
      oneOf(['skip', 'buffer-one', 'allow'], { default: 'skip', description: 'When the last run still goes on.' }),
    ),
    'catch-up': Type.Optional(duration('How late a missed start may still happen; default 10m.')),
    jitter: Type.Optional(duration('Starts are spread over this long.')),
    webhook: Type.Optional(Type.String({ pattern: PACK_ID_PATTERN, description: 'Name in the webhook’s address.' })),
    message: Type.Optional(
      Type.String({ minLength: 1, maxLength: 120, description: 'A member writes this; `*` stands for any words.' }),
    ),
    event: Type.Optional(
      Type.Object(
        {
          source: Type.String({ pattern: PACK_ID_PATTERN, description: 'A connector.' }),
          type: Type.String({ minLength: 1, maxLength: 80, description: 'The event’s type.' }),
          if: Type.Optional(Type.String({ description: 'Condition on `trigger`.' })),
        },
        closed,
      ),
    ),
    manual: Type.Optional(Type.Literal(true, { description: 'May be started by hand.' })),
  },
  { ...closed, description: 'One of schedule, webhook, message, event, manual.' },
);

export const RetrySchema = Type.Object(
  {
    attempts: Type.Integer({ minimum: 1, maximum: 20, description: 'In all, the first included.' }),
    delay: Type.Optional(duration('Before the second attempt; default 1s.')),
    backoff: Type.Optional(
      Type.Number({ minimum: 1, maximum: 10, description: 'Factor from one delay to the next; default 2.' }),
    ),
  },
  closed,
);

const ON_FAILURE = ['fail', 'continue', 'soft-fail'] as const;

export const StepSchema = Type.Cyclic(
  {
    Step: Type.Object(
      {
        id: Type.String({ pattern: STEP_ID_PATTERN, description: 'Unique in the pack; its result is `steps.<id>`.' }),
        name: Type.Optional(Type.String({ maxLength: 120, description: 'For people.' })),
        if: Type.Optional(Type.String({ description: 'Skipped unless this holds.' })),
        'for-each': Type.Optional(
          Type.String({ description: 'Expression that gives a list; each is seen as `item`.' }),
        ),
        uses: Type.Optional(Type.String({ description: 'A verb.', examples: ['agent.ask', 'notify'] })),
        with: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'The verb’s input.' })),
        wait: Type.Optional(
          Type.Object(
            {
              for: Type.Optional(Type.String({ description: 'A duration, or an expression that gives one.' })),
              until: Type.Optional(
                Type.String({ description: 'A time of day (HH:MM), an ISO time, or an expression.' }),
              ),
            },
            { ...closed, description: 'One of `for`, `until`.' },
          ),
        ),
        parallel: Type.Optional(
          Type.Array(Type.Array(Type.Ref('Step'), { minItems: 1 }), {
            minItems: 2,
            maxItems: 10,
            description: 'Branches that run at once.',
          }),
        ),
        steps: Type.Optional(
          Type.Array(Type.Ref('Step'), {
            minItems: 1,
            maxItems: 50,
            description: 'A group, for one `if` or `for-each`.',
          }),
        ),
        risk: Type.Optional(oneOf(RISKS, { description: 'At least the verb’s own.' })),
        timeout: Type.Optional(duration('Of one attempt.')),
        retry: Type.Optional(RetrySchema),
        'on-failure': Type.Optional(
          Type.Union(
            [
              oneOf(ON_FAILURE),
              Type.Object(
                { outcome: oneOf(ON_FAILURE), steps: Type.Array(Type.Ref('Step'), { minItems: 1, maxItems: 20 }) },
                {
                  ...closed,
                  description: 'Steps to run first (`failure.message` says what happened), then `outcome`.',
                },
              ),
            ],
            {
              description:
                'What a failure does: `fail`, the default, ends the run as blocked; `soft-fail` as soft-fail; `continue` goes on. Or `{outcome, steps}`: steps to run first.',
            },
          ),
        ),
      },
      { ...closed, description: 'Exactly one of uses, wait, parallel, steps.' },
    ),
  },
  'Step',
);

export const PackSchema = Type.Object(
  {
    schema: Type.Literal(1, { description: 'Version of this format.' }),
    id: Type.String({ pattern: PACK_ID_PATTERN, description: 'Name in the catalogue.', examples: ['morning-brief'] }),
    version: Type.String({ pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$', description: 'Semver.' }),
    description: Type.String({ minLength: 10, maxLength: 300, description: 'What a family gets.' }),
    authors: Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
      minItems: 1,
      maxItems: 20,
      description: 'Name <address>.',
    }),
    licence: Type.String({ minLength: 1, maxLength: 60, description: 'SPDX expression.', examples: ['Apache-2.0'] }),
    chp: Type.Optional(Type.String({ description: 'Range of chp versions that run it.', examples: ['>=0.1.0'] })),
    risk: Type.Optional(oneOf(RISKS, { description: 'The highest risk of any step; checked.' })),
    inputs: Type.Optional(
      Type.Record(Type.String({ pattern: STEP_ID_PATTERN }), InputSchema, { description: 'What a tenant may set.' }),
    ),
    requires: Type.Optional(RequiresSchema),
    triggers: Type.Array(TriggerSchema, { minItems: 1, maxItems: 20, description: 'What starts a run.' }),
    steps: Type.Array(StepSchema, { minItems: 1, maxItems: 100, description: 'In order.' }),
    outputs: Type.Optional(
      Type.Record(Type.String({ pattern: STEP_ID_PATTERN }), Type.Unknown(), { description: 'The run’s result.' }),
    ),
  },
  {
    ...closed,
    $id: 'https://clawd-home.dev/schemas/pack.schema.json',
    title: 'pack.yaml',
    description: 'A workflow pack.',
  },
);

export type PackDocument = Static<typeof PackSchema>;
export type PackInput = Static<typeof InputSchema>;
export type PackTrigger = Static<typeof TriggerSchema>;

/** A step as written. Exactly one of `uses`, `wait`, `parallel`, `steps`. */
export interface PackStep {
  id: string;
  name?: string;
  if?: string;
  'for-each'?: string;
  uses?: string;
  with?: Record<string, unknown>;
  wait?: { for?: string; until?: string };
  parallel?: PackStep[][];
  steps?: PackStep[];
  risk?: Risk;
  timeout?: string;
  retry?: Static<typeof RetrySchema>;
  'on-failure'?: OnFailure | { outcome: OnFailure; steps: PackStep[] };
}
export type OnFailure = (typeof ON_FAILURE)[number];
