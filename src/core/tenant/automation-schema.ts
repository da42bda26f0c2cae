import { Type } from 'typebox';
import { SECRET_NAME_PATTERN } from '../names.ts';
import { closed } from './schema-parts.ts';

/** The parts of tenant.yaml that workflow packs need: packs, connectors, ways to notify, and the engine that runs them. */

const name = '^[a-z0-9][a-z0-9-]{0,62}$';
const secretName = (description: string) => Type.String({ pattern: SECRET_NAME_PATTERN, description });

export const PackEntrySchema = Type.Object(
  {
    id: Type.String({ pattern: name, description: 'As in the catalogue.', examples: ['morning-brief'] }),
    version: Type.Optional(
      Type.String({ minLength: 1, maxLength: 60, description: 'Exact version or semver range.', examples: ['^1.0.0'] }),
    ),
    channel: Type.Optional(
      Type.String({ pattern: name, default: 'latest', description: 'Follow a dist-tag instead: `stable`, `beta`…' }),
    ),
    catalogue: Type.Optional(
      Type.String({ pattern: name, default: 'builtin', description: 'One of `chp catalogue list`.' }),
    ),
    inputs: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Values for the pack’s inputs.',
        examples: [{ time: '06:55' }],
      }),
    ),
    enabled: Type.Optional(
      Type.Boolean({ default: true, description: 'false: stays installed, is not started by itself.' }),
    ),
  },
  closed,
);

export const ConnectorEntrySchema = Type.Object(
  {
    url: Type.Optional(Type.String({ format: 'uri', description: 'Where its API is, for self-hosted systems.' })),
    secrets: Type.Optional(
      Type.Record(Type.String(), secretName('Name of a secret.'), {
        description: 'Secrets by what they are for.',
        examples: [{ token: 'HOME_ASSISTANT_TOKEN' }],
      }),
    ),
    settings: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'The connector’s own settings.' }),
    ),
  },
  closed,
);

export const NotifySchema = Type.Object(
  {
    telegram: Type.Optional(
      Type.Object(
        {
          secret: secretName('Secret that holds the bot’s token.'),
          url: Type.Optional(Type.String({ format: 'uri', description: 'A Bot API server of one’s own.' })),
        },
        { ...closed, description: 'A Telegram bot that is not the gateway’s.' },
      ),
    ),
    webhook: Type.Optional(
      Type.Object(
        {
          url: Type.String({ format: 'uri', description: 'Where messages are posted.' }),
          secret: Type.Optional(secretName('Secret that signs them.')),
        },
        { ...closed, description: 'A webhook of the family’s own.' },
      ),
    ),
  },
  { ...closed, description: 'How packs reach people; the local inbox (`chp inbox`) is always there.' },
);

export const AutomationSchema = Type.Object(
  {
    address: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9.-]+:[0-9]{1,5}$',
        description: 'A Temporal cluster or Temporal Cloud; absent: a server of the tenant’s own on its host.',
        examples: ['family.a1b2c.tmprl.cloud:7233'],
      }),
    ),
    namespace: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, default: 'default', description: 'Temporal namespace.' }),
    ),
    apiKey: Type.Optional(secretName('Secret that holds Temporal Cloud’s API key.')),
    tls: Type.Optional(
      Type.Object(
        {
          ca: Type.Optional(secretName('Secret that holds the server’s CA, PEM.')),
          cert: Type.Optional(secretName('Secret that holds the client’s certificate, PEM.')),
          key: Type.Optional(secretName('Secret that holds the client’s key, PEM.')),
          serverName: Type.Optional(
            Type.String({ minLength: 1, maxLength: 255, description: 'Name in the server’s certificate.' }),
          ),
        },
        { ...closed, description: 'Mutual TLS.' },
      ),
    ),
    memoryMaxMb: Type.Optional(
      Type.Integer({ minimum: 256, maximum: 16384, default: 768, description: 'Memory limit of the worker, MiB.' }),
    ),
  },
  { ...closed, description: 'The engine that runs packs.' },
);

export interface PackEntry {
  id: string;
  version?: string;
  channel?: string;
  catalogue: string;
  inputs: Record<string, unknown>;
  enabled: boolean;
}

export interface ConnectorEntry {
  url?: string;
  secrets: Record<string, string>;
  settings: Record<string, unknown>;
}

export interface Automation {
  /** null: the tenant's own server. */
  address: string | null;
  namespace: string;
  apiKey?: string;
  tls?: { ca?: string; cert?: string; key?: string; serverName?: string };
  memoryMaxMb: number;
}
