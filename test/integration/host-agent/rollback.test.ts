import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATION_STEPS, type AgentEvent } from '../../../src/core/agent-protocol.ts';
import type { GenerationManifest } from '../../../src/core/generation.ts';
import { messagesBySession } from '../../../src/services/host-agent/rewind.ts';
import { AgentHost, type Made } from '../../support/agent-host.ts';

/** Going back and forth between two programs of the gateway, with the state or without it. */
let host: AgentHost;
let older: Made;
let newer: Made;

const goTo = (made: Made, state: 'keep' | 'restore' | null = 'restore', failpoint?: string) =>
  host.apply(made, { rollback: { state }, ...(failpoint ? { failpoint } : {}) });
const generations = () => host.client().generations(host.tenant);
const mark = (made: Made) =>
  generations().then((all) => all.generations.find((one) => one.digest === made.signed.digest));

/** One turn in a session of its own: two messages. */
async function say(session: string): Promise<void> {
  await host.client().gateway(host.tenant, 'agent', {
    ...{
      message: `I am ${session}`,
      agentId: 'main',
      sessionKey: `agent:main:${session}`,
      deliver: false,
      timeout: 60,
    },
    idempotencyKey: randomUUID(),
  });
}

/** Names of the sessions that the gateway knows. */
async function sessions(): Promise<string[]> {
  const { sessions: found } = (await host.client().gateway(host.tenant, 'sessions.list', {})) as {
    sessions: { key: string }[];
  };
  return found.flatMap(({ key }) => /^agent:main:(\w+)$/.exec(key)?.[1] ?? []).sort();
}

const sameProgramAs =
  ({ signed }: Made) =>
  (manifest: GenerationManifest): GenerationManifest => ({
    ...manifest,
    runtime: signed.manifest.runtime,
    checks: { ...manifest.checks, gateway: signed.manifest.checks.gateway },
  });

const paired = () => join(host.layout.state, 'credentials/telegram-allowFrom.json');

async function answers(made: Made): Promise<void> {
  const status = await host.client().status(host.tenant);
  expect(status).toMatchObject({ current: made.signed.digest, interrupted: null });
  expect((await host.client().check(host.tenant)).filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
}

beforeAll(async () => {
  host = await AgentHost.create();
  older = await host.generation();
  newer = await host.otherRuntime(`require('node:fs').writeFileSync(state + '/migrated', '');`);
  expect((await host.apply(older)).outcome).toBe('committed');
  await say('ana');
  mkdirSync(dirname(paired()), { recursive: true });
  writeFileSync(paired(), '{"allowFrom":["ana"]}');
  expect((await host.apply(newer)).outcome).toBe('committed');
  await say('ben');
  await say('ben');
  writeFileSync(paired(), '{"allowFrom":["ana","ben"]}');
});
afterAll(() => host?.[Symbol.asyncDispose]());

describe('where another program would read the state', () => {
  test('what is lost is counted, and what never goes back is named, before anything is done', async () => {
    expect(await host.client().rewindPlan(host.tenant, older.signed)).toEqual({
      generation: older.signed.digest,
      runtimeChanges: true,
      irreversible: false,
      snapshot: {
        before: newer.signed.digest,
        at: expect.stringMatching(/^20/),
        lost: { sessions: 1, messages: 4 },
        carried: expect.arrayContaining(['credentials']),
      },
    });
  });

  test('nothing was said of it: refused, nothing is touched', async () => {
    await expect(goTo(older, null)).rejects.toMatchObject({
      code: 'CONFLICT',
      next: [/restore/, /keep/].map((one) => expect.stringMatching(one)),
    });
    await answers(newer);
    expect(await sessions()).toEqual(['ana', 'ben']);
  });

  test('kept: every session is there', async () => {
    const events: AgentEvent[] = [];
    const back = await host.apply(older, { rollback: { state: 'keep' }, events });
    expect(back.outcome).toBe('committed');
    expect(events.find(({ event }) => event === 'need')).toEqual({ event: 'need', objects: [], trees: [] });
    await answers(older);
    expect(await sessions()).toEqual(['ana', 'ben']);
    expect(existsSync(join(host.layout.state, 'migrated'))).toBe(true);
    await goTo(newer, 'keep');
  });

  test('restored: the sessions of then, but who was let in since stays so; and forth again', async () => {
    // The last time that the older one ran, both had spoken: so this one speaks only to the newer one.
    await say('cleo');
    expect((await goTo(older)).outcome).toBe('committed');
    await answers(older);
    expect(await sessions()).toEqual(['ana', 'ben']);
    expect(readFileSync(paired(), 'utf8')).toContain('ben');
    expect((await goTo(newer)).outcome).toBe('committed');
    await answers(newer);
    expect(await sessions()).toEqual(['ana', 'ben', 'cleo']);
  });

  test('what can’t be restored is refused: the same program has run since', async () => {
    const other = await host.generation({
      config: { messages: { messagePrefix: 'x' } },
      manifest: sameProgramAs(newer),
    });
    expect((await host.apply(other)).outcome).toBe('committed');
    await expect(goTo(newer)).rejects.toMatchObject({ code: 'NOT_FOUND', why: expect.stringContaining('same one') });
    expect((await goTo(newer, null)).outcome).toBe('committed');
  });

  test('the program that would be gone back to fails: all is as it was, and what its services said is kept', async () => {
    const before = messagesBySession(host.layout.state);
    // It starts well while it is tried beside the other one.
    const broken = await host.otherRuntime(
      `if (!state.includes('/warm/')) {
         console.error('no more'); require('node:fs').rmSync(state, { recursive: true }); process.exit(1);
       }`,
    );
    expect((await host.apply(broken)).outcome).toBe('reverted');
    await answers(newer);
    expect(messagesBySession(host.layout.state)).toEqual(before);
    expect(await mark(broken)).toMatchObject({
      provenAt: null,
      failure: {
        step: 'restarted',
        reason: expect.stringContaining('Gateway answers'),
        logs: ['demo-model.log', 'gateway.log'],
      },
    });
    const log = join(host.layout.failed, broken.signed.digest, 'gateway.log');
    expect(readFileSync(log, 'utf8')).toContain('no more');
  });
});

const CONFIRMED = ACTIVATION_STEPS.indexOf('confirmed');

describe.each(ACTIVATION_STEPS)('kill -9 of the agent after "%s" of a rollback with its state', (step) => {
  test('whole on one side, with that side’s sessions', async () => {
    const from = (await generations()).current === newer.signed.digest ? newer : older;
    const to = from === newer ? older : newer;
    const plan = await host.client().rewindPlan(host.tenant, to.signed);
    const here = messagesBySession(host.layout.state);
    const number = (name: string) => Number(name.split('.')[1]);
    const [kept = ''] = readdirSync(host.layout.snapshots)
      .filter((name) => name.startsWith(`${plan.snapshot?.before}.`))
      .sort((a, b) => number(b) - number(a));
    const there = messagesBySession(join(host.layout.snapshots, kept, 'state'));
    expect(there?.size).toBeGreaterThan(1);
    await expect(goTo(to, 'restore', `kill:${step}:after`)).rejects.toThrow('stopped without an answer');
    await host.client().recover(host.tenant);
    const stays = ACTIVATION_STEPS.indexOf(step) >= CONFIRMED;
    expect(messagesBySession(host.layout.state)).toEqual(stays ? there : here);
    expect(readdirSync(host.layout.dir).filter((name) => /\.(restored|failed)$/.test(name))).toEqual([]);
    await answers(stays ? to : from);
  });
});

describe('what is kept', () => {
  const titled = (prefix: string) => host.generation({ config: { messages: { messagePrefix: prefix } } });

  test('the running and the last proven one stay, the pinned one stays, the limit is the tenant’s', async () => {
    await goTo(older, 'keep').catch(() => {});
    const [one, two, three] = [await titled('1'), await titled('2'), await titled('3')] as [Made, Made, Made];
    await host.apply(one, { keep: 2 });
    await host.client().pin(host.tenant, one.signed.digest, true);
    await host.apply(two, { keep: 2 });
    await host.apply(three, { keep: 2 });
    const stored = (await generations()).generations.filter(({ stagedAt }) => stagedAt !== null);
    expect(stored.map(({ digest, current, lastProven, pinned }) => [digest, current, lastProven, pinned])).toEqual([
      [three.signed.digest, true, false, false],
      [two.signed.digest, false, true, false],
      [one.signed.digest, false, false, true],
    ]);
    expect(await host.client().prune(host.tenant, 2, true)).toMatchObject({ removed: [] });
    await host.client().pin(host.tenant, one.signed.digest, false);
    expect(await host.client().prune(host.tenant, 2, true)).toMatchObject({ removed: [one.signed.digest] });
    expect(await mark(one)).toMatchObject({ complete: true });
    await host.client().prune(host.tenant, 2, false);
    expect(await mark(one)).toBeUndefined();
    await expect(host.client().pin(host.tenant, one.signed.digest, true)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await answers(three);
  });

  test('one that is gone back from is not where the next rollback goes', async () => {
    const { lastProven } = await generations();
    const two = await titled('2');
    expect(lastProven).toBe(two.signed.digest);
    await goTo(two, null);
    expect((await generations()).lastProven).toBeNull();
  });
});
