import { Type } from 'typebox';
import { closed, oneOf, secretName } from './schema-parts.ts';

/** The parts of tenant.yaml that say what the gateway talks to: a model, and channels. */

export const ModelSchema = Type.Object(
  {
    provider: oneOf(['anthropic', 'openai', 'openai-compatible', 'demo'], {
      description: '`demo` is a small offline model server that says that it is one.',
    }),
    id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 120,
        description: 'Model id at the provider.',
        examples: ['claude-opus-4-5'],
      }),
    ),
    baseUrl: Type.Optional(
      Type.String({
        format: 'uri',
        description: 'Only for `openai-compatible`.',
        examples: ['http://192.168.1.20:11434/v1'],
      }),
    ),
    secret: Type.Optional(secretName('Secret that holds the API key.')),
  },
  closed,
);

export const ChannelSchema = Type.Object(
  {
    muted: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'A muted channel is configured but not started. Channels are muted until told.',
      }),
    ),
    secret: Type.Optional(secretName('Secret that holds the bot token.')),
    settings: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The gateway's own settings for this channel." }),
    ),
  },
  closed,
);
