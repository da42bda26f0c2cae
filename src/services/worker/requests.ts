import { type Static, type TSchema, Type } from 'typebox';
import { ChpError } from '../../core/errors.ts';
import { TENANT_NAME_PATTERN } from '../../core/names.ts';
import { PACK_ID_PATTERN, PackSchema, RUN_STATUSES } from '../../packs/schema.ts';
import { problemIn } from './forms.ts';

/** The form of every request of core/worker-protocol.ts. `tenant` may be left out where there is one only. */

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const optional = Type.Optional;
const oneOf = <const T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: [...values] });
const pack = Type.String({ pattern: PACK_ID_PATTERN });
const limit = optional(Type.Integer({ minimum: 1, maximum: 1000 }));
const request = <const P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(
    { tenant: optional(Type.String({ pattern: TENANT_NAME_PATTERN })), ...properties },
    { additionalProperties: false },
  );
const values = Type.Record(Type.String(), Type.Unknown());

const CompiledPackSchema = Type.Object(
  { ...PackSchema.properties, prompts: Type.Record(Type.String(), Type.String()), digest: text(64) },
  { additionalProperties: false },
);

export const REQUESTS = {
  health: request({}),
  reload: request({}),
  check: request({}),
  inspect: request({ since: optional(text(40)) }),
  run: request({
    pack,
    inputs: optional(values),
    dryRun: optional(Type.Boolean()),
    by: text(120),
    wait: optional(Type.Boolean()),
  }),
  try: request({ pack: CompiledPackSchema, inputs: optional(values), by: text(120) }),
  trigger: request({
    kind: oneOf(['webhook', 'message']),
    name: text(4000),
    by: text(120),
    payload: optional(Type.Unknown()),
    id: optional(text(200)),
  }),
  runs: request({ pack: optional(pack), status: optional(oneOf(['running', ...RUN_STATUSES])), limit }),
  describe: request({ run: text(1000) }),
  cancel: request({ run: text(1000), by: text(120) }),
  inbox: request({ open: optional(Type.Boolean()), limit }),
  messages: request({ to: optional(text(31)), limit }),
  decide: request({
    envelope: text(1000),
    verdict: oneOf(['approve', 'deny', 'acknowledge', 'override']),
    by: text(31),
    comment: optional(text(1000)),
  }),
  audit: request({ limit }),
  drain: request({ withinMs: optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })) }),
} as const;

export type Method = keyof typeof REQUESTS;
export type Request<M extends Method> = Static<(typeof REQUESTS)[M]>;

/** @throws BAD_INPUT */
export function checkedRequest(method: string, params: unknown): [Method, unknown] {
  if (!Object.hasOwn(REQUESTS, method))
    throw new ChpError('BAD_INPUT', `the worker knows no method "${method.slice(0, 40)}"`, {
      why: `It knows ${Object.keys(REQUESTS).join(', ')}.`,
    });
  const wrong = problemIn(REQUESTS[method as Method], params, method);
  if (wrong !== null) throw new ChpError('BAD_INPUT', wrong);
  return [method as Method, params];
}
