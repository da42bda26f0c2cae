import type { Client } from '@temporalio/client';
import { sha256 } from '../../core/digest.ts';
import type { ConnectorEvent } from '../../core/ports/automation.ts';
import { evaluateCondition } from '../../packs/expressions/evaluate.ts';
import type { PackTrigger } from '../../packs/schema.ts';
import type { LoadedTenant } from './config.ts';
import { log } from './log.ts';
import { membersOf, runInput } from './run-input.ts';
import { startRun } from './runs.ts';
import type { TenantRuntime } from './tenant.ts';

/** Something that may start runs: which packs wait for it their triggers say. */
export interface Happening {
  kind: 'webhook' | 'message' | 'event';
  by: string;
  payload: unknown;
  /** Equal when the same thing is reported twice: then it starts nothing. */
  id?: string | undefined;
  matches(trigger: PackTrigger): boolean;
}

interface Written {
  by: string;
  text: string;
  id: string | undefined;
  payload?: unknown;
}

/** Starts the packs that wait for it. One that can't start does not keep the others. @returns ids of the runs */
export async function startOn(client: Client, tenant: LoadedTenant, happening: Happening): Promise<string[]> {
  const runs: string[] = [];
  for (const pack of tenant.packs) {
    if (!pack.enabled || !pack.compiled?.triggers.some((trigger) => happening.matches(trigger))) continue;
    try {
      const { kind, by, payload, id } = happening;
      const input = runInput(tenant, pack.id, {}, { trigger: { kind, by, payload } });
      const run = await startRun(client, input, id === undefined ? undefined : `${kind}-${sha256(id).slice(0, 24)}`);
      if (run) runs.push(run);
    } catch (error) {
      log('warn', 'start-failed', { tenant: tenant.name, pack: pack.id, kind: happening.kind, error });
    }
  }
  return runs;
}

/** What somebody wrote, to a bot or to the socket. */
export function written({ by, text, id, payload = null }: Written): Happening {
  return {
    kind: 'message',
    by,
    payload: { text, payload },
    id,
    matches: ({ message }) => message !== undefined && messageMatches(message, text),
  };
}

/** `*` stands for any words; case and outer spaces do not count. */
export function messageMatches(pattern: string, text: string): boolean {
  const words = (value: string) => value.toLowerCase().replace(/\s+/g, ' ').trim();
  const pieces = words(pattern).split('*');
  const said = words(text);
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    const found = said.indexOf(piece, at);
    if (found < 0 || (index === 0 && found > 0)) return false;
    at = found + piece.length;
  }
  return pieces.at(-1) === '' || said.endsWith(pieces.at(-1) as string);
}

/** Listens to the connectors whose events a tenant's packs wait for. */
export class TriggerFeed {
  readonly #client: Client;
  #stops: (() => void)[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  /** From now on for these packs, by these connectors. */
  follow({ tenant, connectors }: TenantRuntime): void {
    this.close();
    const wanted = new Set(
      tenant.packs
        .filter(({ enabled }) => enabled)
        .flatMap(({ compiled }) => compiled?.triggers ?? [])
        .flatMap(({ event }) => (event ? [`${event.source} ${event.type}`] : [])),
    );
    for (const [source = '', type = ''] of [...wanted].map((pair) => pair.split(' '))) {
      const connector = connectors.get(source);
      const stop = connector?.subscribe?.(type, (event) => void this.#happened(tenant, source, event));
      if (stop) this.#stops.push(stop);
      else log('warn', 'no-events', { tenant: tenant.name, source, type });
    }
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  async #happened(tenant: LoadedTenant, source: string, { type, payload, id }: ConnectorEvent): Promise<void> {
    const trigger = { kind: 'event', by: source, payload } as const;
    const context = { trigger, tenant: { name: tenant.name, timezone: tenant.timezone }, members: membersOf(tenant) };
    await startOn(this.#client, tenant, {
      ...trigger,
      id: `${source} ${id}`,
      matches: ({ event }) =>
        event?.source === source && event.type === type && (!event.if || holds(event.if, context)),
    });
  }
}

function holds(condition: string, context: Parameters<typeof evaluateCondition>[1]): boolean {
  try {
    return evaluateCondition(condition, context);
  } catch (error) {
    log('warn', 'condition-failed', { condition, error });
    return false;
  }
}
