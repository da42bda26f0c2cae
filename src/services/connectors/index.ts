import { join } from 'node:path';
import { type AgentPort, type Connector, VerbFailure } from '../../core/ports/automation.ts';
import { redactor } from '../../core/redact.ts';
import type { ConnectorConfig, WorkerTenant } from '../../core/worker-protocol.ts';
import { CONNECTORS } from '../../packs/connectors/index.ts';
import type { ConnectorTable } from '../../packs/connectors/operation.ts';
import { caldav } from './caldav/index.ts';
import type { Setup } from './config.ts';
import { brokenConnector, settingsProblem } from './connector.ts';
import { googleCalendar } from './google-calendar/index.ts';
import { homeAssistant } from './home-assistant/index.ts';
import { twilio } from './twilio/index.ts';

const MAKERS: Readonly<Record<string, (setup: Setup) => Connector>> = {
  'google-calendar': googleCalendar,
  caldav,
  'home-assistant': homeAssistant,
  twilio,
};
/** Where an API is as long as nobody says otherwise; the others are somebody's own. */
const PUBLIC = ['google-calendar', 'twilio'];

export interface ConnectorsInput {
  tenant: Pick<WorkerTenant, 'name' | 'timezone' | 'connectors'>;
  /** Value of a secret by its name. */
  secret: (name: string) => string | undefined;
  /** The tenant's private folder for what must survive a restart. */
  dataDir: string;
  agent?: AgentPort;
  /** Faults that nobody waits for the answer of; secrets are hidden already. */
  warn: (message: string) => void;
}

/**
 * The connectors of a tenant. One that can't be made takes its place all the same: its calls and its check say what is
 * missing, and the others work. Proxies are those of the process (`setGlobalProxyFromEnv`).
 */
export function makeConnectors(input: ConnectorsInput): Map<string, Connector> {
  return new Map(
    Object.entries(input.tenant.connectors).map(([name, config]) => [name, make(name, config, input)] as const),
  );
}

function make(name: string, config: ConnectorConfig, input: ConnectorsInput): Connector {
  const table = CONNECTORS[name];
  const maker = MAKERS[name];
  if (!table || !maker) return brokenConnector(name, 'undeclared', `there is no connector "${name}"`);
  if (config.url === undefined && !PUBLIC.includes(name))
    return brokenConnector(name, 'refused', `${name}: where it is, is not said: set its url in tenant.yaml`);
  const problem = settingsProblem(name, config.settings);
  if (problem) return brokenConnector(name, 'refused', `${name}: ${problem}`);
  const secrets = valuesOf(table, config, input.secret);
  redactor.add(...Object.values(secrets));
  const missing = missingOf(table, config, secrets);
  if (missing.length > 0)
    return brokenConnector(
      name,
      'auth',
      `${name}: no value for ${missing.join(', ')}; chp secret set ${input.tenant.name} ${missing[0]}`,
    );
  try {
    return maker({
      tenant: input.tenant.name,
      timezone: input.tenant.timezone,
      url: config.url,
      settings: config.settings,
      secrets,
      dataDir: join(input.dataDir, name),
      agent: input.agent,
      warn: (message) => input.warn(redactor.text(`${name}: ${message}`)),
    });
  } catch (error) {
    const kind = error instanceof VerbFailure ? error.kind : 'unavailable';
    return brokenConnector(name, kind, `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const nameOf = (table: ConnectorTable, config: ConnectorConfig, what: string): string =>
  config.secrets[what] ?? table.secrets[what]?.name ?? what;

function valuesOf(table: ConnectorTable, config: ConnectorConfig, secret: ConnectorsInput['secret']) {
  const values = Object.keys(table.secrets).map((what) => [what, secret(nameOf(table, config, what))] as const);
  return Object.fromEntries(values.filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** Names of secrets that must have a value and have none. */
function missingOf(table: ConnectorTable, config: ConnectorConfig, values: Record<string, string>): string[] {
  return Object.entries(table.secrets)
    .filter(([what, { optional, unless }]) => !optional && !values[what] && !(unless && values[unless]))
    .map(([what]) => nameOf(table, config, what));
}
