import { type Static, Type } from 'typebox';
import { IMAGE_PATTERN, SECRET_NAME_PATTERN, TENANT_NAME_PATTERN } from '../names.ts';
import {
  type Automation,
  AutomationSchema,
  type ConnectorEntry,
  ConnectorEntrySchema,
  NotifySchema,
  type PackEntry,
  PackEntrySchema,
} from './automation-schema.ts';

/**
 * The one schema of tenant.yaml. From it come the TypeScript type, the ajv validator, schemas/tenant.schema.json
 * for editors and docs/tenant-yaml.md. Unknown keys are errors everywhere.
 */

export const ROLES = ['Admin', 'Adult', 'Teen', 'Child', 'Guest', 'Caregiver'] as const;
export const MANAGERS = ['auto', 'systemd', 'supervisor', 'compose'] as const;
export const CONTACT_KINDS = ['telegram', 'sms', 'voice', 'email', 'push'] as const;

/** No control characters: what is shown on a terminal must not steer it. */
const PLAIN_TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
const closed = { additionalProperties: false } as const;
/** A closed set of words; written as `enum` so that an error can list what is expected. */
const oneOf = <const T extends string>(values: readonly T[], options: Record<string, unknown> = {}) =>
  Type.Unsafe<T>({ ...options, type: 'string', enum: [...values] });
const secretName = (description: string) =>
  Type.String({ pattern: SECRET_NAME_PATTERN, description, examples: ['ANTHROPIC_API_KEY'] });
const clockTime = (description: string) =>
  Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description, examples: ['22:00'] });

export const MemberSchema = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,30}$',
      description: 'Short id, unique in the tenant.',
      examples: ['ana'],
    }),
    name: Type.String({
      minLength: 1,
      maxLength: 80,
      pattern: PLAIN_TEXT,
      description: 'Name as the family says it.',
      examples: ['Ana'],
    }),
    role: oneOf(ROLES, { description: 'What the member may ask for and approve.' }),
    contacts: Type.Optional(
      Type.Array(
        Type.Object(
          {
            kind: oneOf(CONTACT_KINDS, { description: 'How to reach the member.' }),
            address: Type.String({
              minLength: 1,
              maxLength: 200,
              pattern: PLAIN_TEXT,
              description: 'Chat id, E.164 number or address.',
              examples: ['+4915112345678'],
            }),
          },
          closed,
        ),
        { maxItems: 10, description: 'Most preferred first.' },
      ),
    ),
    quietHours: Type.Optional(
      Type.Object(
        { from: clockTime('Start, local time.'), to: clockTime('End, local time; earlier than `from` = next day.') },
        { ...closed, description: 'When only emergencies may disturb.' },
      ),
    ),
  },
  closed,
);

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

export const TenantSchema = Type.Object(
  {
    schema: Type.Literal(1, { description: 'Version of this format.' }),
    name: Type.String({
      pattern: TENANT_NAME_PATTERN,
      description: 'DNS label, 1-27 characters; never changes.',
      examples: ['smith'],
    }),
    topology: oneOf(['hub'], { description: 'Where the tenant runs: `hub` is a Linux machine at home, or this one.' }),
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[^\\s#-][^\\s#]*$',
      description: '`local` for this machine, else an SSH target: `[user@]host[:port]` or a name from ~/.ssh/config.',
      examples: ['local', 'ops@hub.example'],
    }),
    timezone: Type.Optional(Type.String({ description: 'IANA zone.', examples: ['Europe/Berlin'], default: 'UTC' })),
    runtime: Type.Optional(
      Type.String({
        pattern: '^(clawdbot|openclaw)@[0-9][0-9A-Za-z.-]*$',
        default: 'clawdbot@2026.1.24-3',
        description: 'Gateway package and exact version.',
      }),
    ),
    gateway: Type.Optional(
      Type.Object(
        {
          port: Type.Optional(
            Type.Integer({
              minimum: 1024,
              maximum: 65500,
              default: 18789,
              description: 'Loopback port; port+2 is used too.',
            }),
          ),
        },
        { ...closed, description: 'The gateway process.' },
      ),
    ),
    model: ModelSchema,
    channels: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), ChannelSchema, {
        description: 'Chat channels by the name the gateway gives them.',
      }),
    ),
    config: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          "Further gateway configuration, checked against the gateway's own schema. Secrets as `${NAME}` only.",
      }),
    ),
    ownership: Type.Optional(
      Type.Object(
        {
          family: Type.Optional(
            Type.Array(Type.String(), { description: 'Config paths the family owns.', examples: [['messages.**']] }),
          ),
          agent: Type.Optional(Type.Array(Type.String(), { description: 'Config paths the agent itself owns.' })),
        },
        {
          ...closed,
          description:
            'Who owns a config path: changes of its owner on the host are kept. All other paths are the operator’s.',
        },
      ),
    ),
    skills: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'As in its SKILL.md.' }),
            source: Type.String({
              minLength: 1,
              description: '`builtin:<name>` or a folder, relative to this file.',
              examples: ['builtin:household', './skills/garden'],
            }),
          },
          closed,
        ),
        { description: 'Skills pushed to the gateway, nothing else is eligible.' },
      ),
    ),
    members: Type.Optional(Type.Array(MemberSchema, { maxItems: 50, description: 'The family and who helps it.' })),
    packs: Type.Optional(
      Type.Array(PackEntrySchema, { maxItems: 100, description: 'Workflow packs that run for this tenant.' }),
    ),
    connectors: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), ConnectorEntrySchema, {
        description: 'Third-party systems that packs may call, by connector: `google-calendar`, `home-assistant`…',
      }),
    ),
    notify: Type.Optional(NotifySchema),
    automation: Type.Optional(AutomationSchema),
    secrets: Type.Optional(
      Type.Array(secretName('Name; the value is set with `chp secret set`.'), {
        description: 'Secrets given to the gateway beside those named above.',
      }),
    ),
    services: Type.Optional(
      Type.Object(
        {
          manager: Type.Optional(
            oneOf(MANAGERS, {
              default: 'auto',
              description:
                '`auto`: systemd where it runs and root is to be had, else chp’s own supervisor. `compose`: Docker Compose.',
            }),
          ),
          image: Type.Optional(
            Type.String({
              pattern: IMAGE_PATTERN,
              maxLength: 255,
              description:
                'Only for `compose`: an image on the host, with a shell and glibc, that containers start from. Without it chp makes one there from the host’s own files, so nothing is pulled.',
              examples: ['debian:bookworm-slim'],
            }),
          ),
          memoryMaxMb: Type.Optional(
            Type.Integer({
              minimum: 512,
              maximum: 65536,
              default: 2048,
              description: 'Memory limit of the gateway, MiB.',
            }),
          ),
        },
        { ...closed, description: 'How the processes are run.' },
      ),
    ),
    hardening: Type.Optional(
      Type.Object(
        {
          firewall: Type.Optional(
            Type.Boolean({
              default: true,
              description:
                'Default-deny nftables table (IPv4 and IPv6) with SSH and the `allowPorts` of all tenants of the host open. It goes with the last tenant that wants it.',
            }),
          ),
          allowPorts: Type.Optional(
            Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { description: 'Further inbound TCP ports.' }),
          ),
          fail2ban: Type.Optional(
            Type.Boolean({ default: false, description: 'Install and enable fail2ban for sshd.' }),
          ),
          unattendedUpgrades: Type.Optional(
            Type.Boolean({ default: false, description: 'Install and enable unattended security updates.' }),
          ),
        },
        { ...closed, description: 'What chp hardens on the host (SSH hosts with root).' },
      ),
    ),
  },
  {
    ...closed,
    $id: 'https://clawd-home.dev/schemas/tenant.schema.json',
    title: 'tenant.yaml',
    description: 'Desired state of one tenant.',
  },
);

/** tenant.yaml as validated: optional fields may be missing; `core/tenant/defaults.ts` fills them. */
export type TenantDocument = Static<typeof TenantSchema>;
export type Member = Static<typeof MemberSchema>;
export type Role = (typeof ROLES)[number];

/** A tenant with every default filled in: what the rest of chp works on. */
export interface Tenant {
  name: string;
  topology: 'hub';
  host: string;
  timezone: string;
  runtime: { name: 'clawdbot' | 'openclaw'; version: string };
  gateway: { port: number };
  model: TenantDocument['model'];
  channels: Record<string, { muted: boolean; secret?: string; settings: Record<string, unknown> }>;
  config: Record<string, unknown>;
  ownership: { family: string[]; agent: string[] };
  skills: { name: string; source: string }[];
  members: Member[];
  packs: PackEntry[];
  connectors: Record<string, ConnectorEntry>;
  notify: NonNullable<TenantDocument['notify']>;
  automation: Automation;
  secrets: string[];
  /** `image`: only where Compose runs them. */
  services: { manager: (typeof MANAGERS)[number]; image: string | null; memoryMaxMb: number };
  hardening: { firewall: boolean; allowPorts: number[]; fail2ban: boolean; unattendedUpgrades: boolean };
}
