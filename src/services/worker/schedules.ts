import { type Client, ScheduleNotFoundError, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { digestOf } from '../../core/digest.ts';
import { TENANT_ATTRIBUTE } from '../../core/temporal-server.ts';
import { type Context, evaluate, renderText } from '../../packs/expressions/evaluate.ts';
import { bareExpression } from '../../packs/expressions/template.ts';
import type { PackTrigger } from '../../packs/schema.ts';
import type { LoadedTenant } from './config.ts';
import { log } from './log.ts';
import { inputsOf, membersOf, runInput, type UsablePack } from './run-input.ts';
import { runOptions } from './runs.ts';
import { RUN_PACK } from './workflows/names.ts';

/** A schedule as it should be. */
export interface WantedSchedule {
  /** `<tenant>/<pack>/at-<trigger>[-<item>]`; a run's id adds the time. */
  id: string;
  pack: string;
  options: Omit<ScheduleOptions, 'scheduleId'>;
  /** Of all that matters: kept as the schedule's note, so that what is as it should be is left alone. */
  digest: string;
}

const DEFAULT_CATCH_UP = '10m';
const MAX_EACH = 100;
const OVERLAP = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  allow: ScheduleOverlapPolicy.ALLOW_ALL,
} as const;
/** Grows when schedules are written in another way. */
const FORMAT = 1;

/**
 * Makes the server's schedules those of the tenant's enabled packs: missing ones are created, changed ones updated, all
 * others of the tenant deleted.
 * @returns how many each pack has
 */
export async function reconcileSchedules(client: Client, tenant: LoadedTenant): Promise<Map<string, number>> {
  const wanted = new Map(wantedSchedules(tenant).map((schedule) => [schedule.id, schedule]));
  for await (const { scheduleId, state } of client.schedule.list({ query: `${TENANT_ATTRIBUTE} = '${tenant.name}'` })) {
    const schedule = wanted.get(scheduleId);
    const handle = client.schedule.getHandle(scheduleId);
    // The list lags behind what was done a moment ago: what is missing after all is created below.
    if (!schedule) await handle.delete().catch(ignoreMissing);
    else if (state.note !== schedule.digest) await handle.update(() => schedule.options as never).catch(ignoreMissing);
    else continue;
    log('info', schedule ? 'schedule-updated' : 'schedule-deleted', { schedule: scheduleId });
  }
  for (const schedule of wanted.values()) await createMissing(client, schedule);
  const counts = new Map<string, number>();
  for (const { pack } of wanted.values()) counts.set(pack, (counts.get(pack) ?? 0) + 1);
  return counts;
}

async function createMissing(client: Client, { id, options, digest }: WantedSchedule): Promise<void> {
  const handle = client.schedule.getHandle(id);
  const there = await handle.describe().catch(ignoreMissing);
  if (!there) {
    await client.schedule.create({ ...options, scheduleId: id });
    log('info', 'schedule-created', { schedule: id });
  } else if (there.state.note !== digest) await handle.update(() => options as never);
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof ScheduleNotFoundError) return undefined;
  throw error;
}

/** Of all enabled packs; a pack whose triggers can't be worked out has none, and the log says why. Pure but for the log. */
export function wantedSchedules(tenant: LoadedTenant): WantedSchedule[] {
  return tenant.packs.flatMap((pack) => {
    if (!pack.enabled || pack.problem !== null) return [];
    try {
      return pack.compiled.triggers.flatMap((trigger, index) =>
        trigger.schedule === undefined ? [] : schedulesOf(tenant, pack, trigger, index),
      );
    } catch (error) {
      log('warn', 'schedule-refused', { tenant: tenant.name, pack: pack.id, error });
      return [];
    }
  });
}

function schedulesOf(tenant: LoadedTenant, pack: UsablePack, trigger: PackTrigger, index: number): WantedSchedule[] {
  const context = {
    inputs: inputsOf(tenant, pack, {}),
    tenant: { name: tenant.name, timezone: tenant.timezone },
    members: membersOf(tenant),
  };
  const each = trigger['for-each'];
  if (each === undefined) return [scheduleOf(tenant, pack, trigger, `at-${index}`, context)];
  const items = evaluate(bareExpression(each).source, context);
  if (!Array.isArray(items)) throw new Error('for-each does not give a list');
  return items
    .slice(0, MAX_EACH)
    .map((item) => scheduleOf(tenant, pack, trigger, `at-${index}-${nameOf(item)}`, { ...context, item }));
}

function scheduleOf(
  tenant: LoadedTenant,
  pack: UsablePack,
  trigger: PackTrigger,
  name: string,
  context: Context,
): WantedSchedule {
  const id = `${tenant.name}/${pack.id}/${name}`;
  const input = runInput(
    tenant,
    pack.id,
    {},
    {
      trigger: { kind: 'schedule', by: name, payload: null },
      ...('item' in context ? { item: context.item } : {}),
    },
  );
  const spec = {
    cronExpressions: [cron(String(renderText(trigger.schedule ?? '', context)))],
    timezone: trigger.timezone ?? tenant.timezone,
    ...(trigger.jitter ? { jitter: trigger.jitter } : {}),
  };
  const policies = {
    overlap: OVERLAP[trigger.overlap ?? 'skip'],
    catchupWindow: trigger['catch-up'] ?? DEFAULT_CATCH_UP,
  };
  const digest = digestOf({ FORMAT, spec, policies, input: { ...input, pack: input.pack.digest } });
  const { typedSearchAttributes } = runOptions(input);
  return {
    id,
    pack: pack.id,
    digest,
    options: {
      spec,
      policies,
      typedSearchAttributes,
      state: { note: digest, paused: false },
      action: { type: 'startWorkflow', workflowType: RUN_PACK, workflowId: id, ...runOptions(input) },
    },
  } as WantedSchedule;
}

/** Five fields as they are; a time of day is every day at that time. */
function cron(text: string): string {
  const time = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  return time ? `${Number(time[2])} ${Number(time[1])} * * *` : text.trim();
}

/** Members by their id, so that a schedule stays the same when another member comes or goes. */
function nameOf(item: unknown): string {
  const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : item;
  return typeof id === 'string' && /^[a-z0-9-]{1,40}$/.test(id) ? id : digestOf(item).slice(0, 12);
}
