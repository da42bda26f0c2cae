import { type Static, Type } from 'typebox';
import type { BackupRetention } from '../backups.ts';
import { TENANT_NAME_PATTERN } from '../names.ts';
import {
  type Automation,
  AutomationSchema,
  type ConnectorEntry,
  ConnectorEntrySchema,
  NotifySchema,
  type PackEntry,
  PackEntrySchema,
} from './automation-schema.ts';
import { ChannelSchema, ModelSchema } from './gateway-schema.ts';
import { HardeningSchema, type MANAGERS, ServicesSchema } from './host-schema.ts';
import { BackupsSchema, RetentionSchema } from './keeping-schema.ts';
import { LabelsSchema, type Maintenance, MaintenanceSchema } from './maintenance-schema.ts';
import { type Member, MemberSchema } from './member-schema.ts';
import { closed, oneOf, secretName } from './schema-parts.ts';

export { MANAGERS } from './host-schema.ts';
export { CONTACT_KINDS, type Member, MemberSchema, ROLES, type Role } from './member-schema.ts';

/**
 * The one schema of tenant.yaml. From it come the TypeScript type, the ajv validator, schemas/tenant.schema.json
 * for editors and docs/tenant-yaml.md. Unknown keys are errors everywhere.
 */

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
    labels: Type.Optional(LabelsSchema),
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
    maintenance: Type.Optional(MaintenanceSchema),
    services: Type.Optional(ServicesSchema),
    retention: Type.Optional(RetentionSchema),
    backups: Type.Optional(BackupsSchema),
    hardening: Type.Optional(HardeningSchema),
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

/** A tenant with every default filled in: what the rest of chp works on. */
export interface Tenant {
  name: string;
  topology: 'hub';
  host: string;
  labels: Record<string, string>;
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
  maintenance: Maintenance;
  secrets: string[];
  /** `image`: only where Compose runs them. */
  services: { manager: (typeof MANAGERS)[number]; image: string | null; memoryMaxMb: number };
  /** `generations`: kept on the host. */
  retention: { generations: number };
  /** `install`: restic is put on the host. `to` null = in the tenant's own folder there. */
  backups: BackupRetention & { install: boolean; to: string | null };
  hardening: { firewall: boolean; allowPorts: number[]; fail2ban: boolean; unattendedUpgrades: boolean };
}
