import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupCreated, BackupDrilled, BackupRestored, BackupWork } from '../../../src/core/backups.ts';
import { AgentHost } from '../../support/agent-host.ts';
import { RESTIC } from '../../support/restic.ts';
import { pidOf } from './support.ts';

/** Backups by the host agent, with the real gateway and the real restic. */
let host: AgentHost;
const backup = async <T>(work: BackupWork): Promise<T> =>
  host.client().backup<T>(host.tenant, { to: null, key: await host.backupKey() }, work);
const say = (session: string) =>
  host.client().gateway(host.tenant, 'agent', {
    ...{ message: 'Hello', agentId: 'main', sessionKey: `agent:main:${session}`, deliver: false, timeout: 60 },
    idempotencyKey: randomUUID(),
  });
const sessions = async (): Promise<string[]> => {
  const { sessions: found } = (await host.client().gateway(host.tenant, 'sessions.list', {})) as {
    sessions: { key: string }[];
  };
  return found.flatMap(({ key }) => /^agent:main:(\w+)$/.exec(key)?.[1] ?? []).sort();
};

beforeAll(async () => {
  expect(existsSync(RESTIC)).toBe(true);
  host = await AgentHost.create();
  expect((await host.apply(await host.generation())).outcome).toBe('committed');
  await say('ana');
});
afterAll(() => host?.[Symbol.asyncDispose]());

test('made while all is stopped, which is for a moment; the gateway answers again', async () => {
  const made = await backup<BackupCreated>({ work: 'create', keep: { last: 2, daily: 0, weekly: 0 } });
  expect(made.files).toBeGreaterThan(2);
  expect(made.removed).toBe(0);
  expect(readdirSync(host.layout.backups)).toEqual(['repository']);
  expect(await host.client().status(host.tenant)).toMatchObject({ interrupted: null });
  expect((await host.client().check(host.tenant)).filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
});

test('drill: started beside what runs, and nothing is left of it', async () => {
  const before = await pidOf(host, 'gateway');
  const drilled = await backup<BackupDrilled>({ work: 'drill', id: null });
  expect(drilled).toMatchObject({ sessions: 1, messages: 2, checks: [{ id: 'agent.turn', verdict: 'pass' }] });
  expect(await pidOf(host, 'gateway')).toBe(before);
  expect([...readdirSync(host.layout.dir), ...readdirSync(host.layout.generations)].join(' ')).not.toContain('drill');
  expect(await sessions()).toEqual(['ana']);
});

test('the state is destroyed: its sessions come back; it is nothing to go back from', async () => {
  await say('ben');
  rmSync(join(host.layout.state, 'agents'), { recursive: true });
  const restored = await backup<BackupRestored>({ work: 'restore', id: null });
  expect(restored).toMatchObject({ applied: { outcome: 'committed' }, sessions: 1, messages: 2 });
  expect(await sessions()).toEqual(['ana']);
  expect((await host.client().check(host.tenant)).filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect((await host.client().generations(host.tenant)).lastProven).toBeNull();
});
