import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATION_STEPS, type ActivationStep } from '../../../src/core/agent-protocol.ts';
import { processesOf } from '../../../src/services/host-agent/processes.ts';
import { AgentHost, type Made } from '../../support/agent-host.ts';
import { pidOf, until } from './support.ts';

let host: AgentHost;
let first: Made;

beforeAll(async () => {
  host = await AgentHost.create();
  first = await host.generation();
  await host.apply(first);
});
afterAll(() => host[Symbol.asyncDispose]());

let count = 0;
/** Another config each time, so that every step has something to do. */
const next = () => host.generation({ config: { messages: { messagePrefix: `${++count}` } } });

const prefix = async () => {
  const config = (await host.client().gateway(host.tenant, 'config.get', {})) as {
    parsed: { messages?: { messagePrefix?: string } };
  };
  return config.parsed.messages?.messagePrefix;
};

const CONFIRMED = ACTIVATION_STEPS.indexOf('confirmed');
/** Once the confirmation is in the journal, it is kept; before, all goes back. */
const isKept = (step: ActivationStep, when: string) =>
  ACTIVATION_STEPS.indexOf(step) > CONFIRMED || (step === 'confirmed' && when === 'after');

describe.each(ACTIVATION_STEPS)('kill -9 of the agent at "%s"', (step) => {
  test.each(['before', 'after'])('%s it: whole on one side, and answering', async (when) => {
    const before = (await host.client().status(host.tenant)).current;
    const made = await next();
    const cut = host.apply(made, { failpoint: `kill:${step}:${when}` });
    await expect(cut).rejects.toMatchObject({ message: expect.stringContaining('stopped without an answer') });
    await host.client().recover(host.tenant);

    const status = await host.client().status(host.tenant);
    const kept = isKept(step, when);
    expect(status.interrupted).toBeNull();
    expect(status.current).toBe(kept ? made.signed.digest : before);
    expect(status.drift).toEqual({ config: [], files: [] });
    expect(status.services.map(({ name, active }) => [name, active])).toEqual([
      ['demo-model', true],
      ['gateway', true],
    ]);
    const checks = await host.client().check(host.tenant);
    expect(checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
    expect((await prefix()) === String(count)).toBe(kept);
  });
});

test('with nobody to call it, the host finishes by itself', async () => {
  await host.apply(first);
  await expect(host.apply(await next(), { failpoint: 'kill:switched:after' })).rejects.toThrow();
  expect((await host.client().status(host.tenant)).interrupted).toMatchObject({ step: 'switched' });
  await until(async () => (await host.client().status(host.tenant)).interrupted === null);
  expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
});

test('the next push recovers first, then does its own work', async () => {
  await expect(host.apply(await next(), { failpoint: 'kill:configured:after' })).rejects.toThrow();
  expect((await host.apply(await next())).outcome).toBe('committed');
  expect(await prefix()).toBe(String(count));
});

test('a supervisor that was killed: the next push takes its orphans’ place', async () => {
  const made = await next();
  await host.apply(made);
  const { pid } = JSON.parse(readFileSync(join(host.layout.run, 'supervisor.json'), 'utf8')) as { pid: number };
  const orphan = await pidOf(host, 'gateway');
  process.kill(pid, 'SIGKILL');
  await until(async () => (await pidOf(host, 'gateway')) === null);
  expect((await host.apply(made)).outcome).toBe('committed');
  expect(await pidOf(host, 'gateway')).not.toBe(orphan);
  expect(processesOf(host.root, host.tenant)).toHaveLength(2);
});

test('a gateway that dies is started again', async () => {
  const dead = await pidOf(host, 'gateway');
  if (!dead) throw new Error('it does not run');
  process.kill(dead, 'SIGKILL');
  await until(async () => ![dead, null].includes(await pidOf(host, 'gateway')));
  const checks = await host.client().check(host.tenant);
  expect(checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
});

test('killed at the first activation: nothing runs, and the next one does', async () => {
  await host.client().remove(host.tenant);
  await host.bootstrap();
  await expect(host.apply(first, { failpoint: 'kill:restarted:after' })).rejects.toThrow();
  await host.client().recover(host.tenant);
  expect((await host.client().status(host.tenant)).current).toBeNull();
  expect(processesOf(host.root, host.tenant)).toEqual([]);
  expect((await host.apply(first)).outcome).toBe('committed');
});
