import { Type } from 'typebox';
import { SECRET_NAME_PATTERN, TENANT_NAME_PATTERN } from '../../core/names.ts';
import { MemberSchema } from '../../core/tenant/schema.ts';
import type { WorkerConfig } from '../../core/worker-protocol.ts';
import { PACK_ID_PATTERN } from '../../packs/schema.ts';

/** The form of worker/worker.json: `WorkerConfig` of core/worker-protocol.ts. */

const closed = { additionalProperties: false } as const;
const text = (maxLength = 255) => Type.String({ minLength: 1, maxLength });
const secret = Type.String({ pattern: SECRET_NAME_PATTERN });
const optionalSecret = Type.Optional(secret);
const port = Type.Integer({ minimum: 1, maximum: 65_535 });
const url = Type.String({ pattern: '^https?://', maxLength: 2000 });
const digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

const PackSchema = Type.Object(
  {
    id: Type.String({ pattern: PACK_ID_PATTERN }),
    version: text(80),
    integrity: text(200),
    digest,
    inputs: Type.Record(Type.String(), Type.Unknown()),
    enabled: Type.Boolean(),
  },
  closed,
);

const ConnectorSchema = Type.Object(
  {
    url: Type.Optional(url),
    secrets: Type.Record(Type.String(), secret),
    settings: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
);

const NotifySchema = Type.Object(
  {
    telegram: Type.Optional(
      Type.Union([
        Type.Object({ tokenSecret: secret, apiUrl: Type.Optional(url) }, closed),
        Type.Object({ gateway: Type.Literal(true) }, closed),
      ]),
    ),
    webhook: Type.Optional(Type.Object({ url, signingSecret: optionalSecret }, closed)),
  },
  closed,
);

const TenantSchema = Type.Object(
  {
    name: Type.String({ pattern: TENANT_NAME_PATTERN }),
    timezone: text(64),
    members: Type.Array(MemberSchema, { maxItems: 200 }),
    gateway: Type.Object({ port, tokenSecret: secret, agent: text(64) }, closed),
    payloadKeySecret: secret,
    packs: Type.Array(PackSchema, { maxItems: 500 }),
    connectors: Type.Record(Type.String({ pattern: PACK_ID_PATTERN }), ConnectorSchema),
    notify: NotifySchema,
  },
  closed,
);

export const WorkerConfigSchema = Type.Object(
  {
    schema: Type.Literal(1),
    tenants: Type.Array(TenantSchema, { maxItems: 1000 }),
    temporal: Type.Object(
      {
        address: Type.String({ pattern: '^[^\\s:/]+:[0-9]{1,5}$' }),
        namespace: text(),
        tls: Type.Optional(
          Type.Object(
            {
              ca: optionalSecret,
              cert: optionalSecret,
              key: optionalSecret,
              serverName: Type.Optional(text()),
            },
            closed,
          ),
        ),
        apiKeySecret: optionalSecret,
      },
      closed,
    ),
    build: Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$' }),
  },
  closed,
);

/** Does not compile when schema and type part. */
export type CheckedConfig = Type.Static<typeof WorkerConfigSchema> extends WorkerConfig ? WorkerConfig : never;
