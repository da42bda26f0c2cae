import { type TObject, type TSchema, Type } from 'typebox';
import type { Risk } from '../schema.ts';
import { optional, record } from '../types.ts';

/** One thing a connector does. Data: lint, docs, the worker and the connector itself read the same row. */
export interface Operation {
  /** One sentence for people. */
  summary: string;
  /** Of `args`, expressions evaluated. */
  args: TObject;
  /** Of what it returns. */
  result: TSchema;
  risk: Risk;
  /** `write`: something outside changes, so it happens once a key and not at all in a dry run. */
  effect: 'none' | 'write';
  /** Of one attempt, milliseconds; 30 s where nothing is said. */
  timeoutMs?: number;
  /** Only of home-assistant: `device.call` does it; the service that is called (`lock.unlock`). `*` = the device’s own domain. */
  service?: string;
}

/** A connector as packs see it. */
export interface ConnectorTable {
  name: string;
  summary: string;
  /** What it needs, by what it is; `name` is what the secret is called where the tenant says nothing else. */
  secrets: Record<string, ConnectorSecret>;
  /** Of its settings in tenant.yaml. */
  settings: TObject;
  operations: Record<string, Operation>;
  /** Events that can start a run (`triggers[].event.type`), with the schema of `trigger.payload`. */
  events: Record<string, { summary: string; payload: TSchema }>;
}

export interface ConnectorSecret {
  name: string;
  description: string;
  optional?: boolean;
  /** Not needed where this other one is given. */
  unless?: string;
}

/** Settings of a connector, with those that each has. */
export const settingsOf = <P extends Record<string, TSchema>>(properties: P): TObject =>
  record({
    ...properties,
    perMinute: optional(
      Type.Integer({
        minimum: 1,
        maximum: 6000,
        description: 'Calls a minute at most. More wait a little, then fail.',
      }),
    ),
  });
