import { caldav } from './caldav.ts';
import { googleCalendar } from './google-calendar.ts';
import { homeAssistant } from './home-assistant.ts';
import type { ConnectorTable, Operation } from './operation.ts';
import { twilio } from './twilio.ts';

/** Every connector a pack can name. */
export const CONNECTORS: Readonly<Record<string, ConnectorTable>> = Object.fromEntries(
  [googleCalendar, caldav, homeAssistant, twilio].map((table) => [table.name, table]),
);

/** The connector that `device.call` goes to. */
export const DEVICE_CONNECTOR = homeAssistant.name;

/** Actions of `device.call`: the operations of that connector that name a service. */
export const DEVICE_ACTIONS: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries(homeAssistant.operations).filter(([, { service }]) => service !== undefined),
);

/** null = no such connector or operation. */
export function operationOf(connector: string, operation: string): Operation | null {
  const table = Object.hasOwn(CONNECTORS, connector) ? CONNECTORS[connector] : undefined;
  return table && Object.hasOwn(table.operations, operation) ? (table.operations[operation] ?? null) : null;
}
