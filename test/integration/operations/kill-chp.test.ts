import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { Chp } from '../../support/chp.ts';
import { freePort } from '../../support/free-port.ts';

/**
 * kill -9 of chp at every step of create, apply and destroy, and Ctrl-C. The steps come from the journal of a run that was not
 * killed, so that a new step is covered by itself.
 */
const chp = new Chp();
const port = await freePort();

const document = (name: string, timeoutSeconds: number): string =>
  [
    'schema: 1',
    `name: ${name}`,
    'topology: hub',
    'host: local',
    `gateway: {port: ${port}}`,
    'model: {provider: demo}',
    'services: {manager: supervisor}',
    'skills: [{name: household, source: "builtin:household"}]',
    `config: {agents: {defaults: {timeoutSeconds: ${timeoutSeconds}}}}`,
    '',
  ].join('\n');

const create = (name: string, env: NodeJS.ProcessEnv = {}) =>
  chp.run(['tenant', 'create', '-f', '-', '--json'], { input: document(name, 60), env });

/** Names of the steps of a tenant's last job, in order. */
async function lastSteps(name: string): Promise<string[]> {
  const jobs = await chp.json(['tenant', 'show', name, '--offline']);
  return jobs.lastJob.steps.map(({ step }: { step: string }) => step);
}

const points = (steps: readonly string[]): string[] => steps.flatMap((step) => [`${step}:before`, `${step}:after`]);

async function answers(name: string): Promise<void> {
  const { host } = await chp.json(['tenant', 'show', name]);
  expect(host.services.map((service: { name: string; active: boolean }) => [service.name, service.active])).toEqual([
    ['demo-model', true],
    ['gateway', true],
  ]);
  expect((await fetch(`http://127.0.0.1:${port}/`)).ok).toBe(true);
}

afterAll(async () => {
  for (const name of ['probe', 'demo']) await chp.run(['tenant', 'destroy', name, '--yes']);
  chp.cleanUp();
});

describe('kill -9 of chp', () => {
  let steps: { create: string[]; apply: string[] };

  test('a whole life without a kill gives the steps', { timeout: 900_000 }, async () => {
    expect((await create('probe')).code).toBe(0);
    const created = await lastSteps('probe');
    await chp.json(['tenant', 'apply', 'probe', '-f', '-'], { input: document('probe', 61) });
    steps = { create: created, apply: await lastSteps('probe') };
    expect(steps.create).toContain('activate');
    expect(steps.apply).toContain('provision');
    await chp.json(['tenant', 'destroy', 'probe', '--yes']);
  });

  test('at every step of create: the next run goes on', { timeout: 900_000 }, async () => {
    for (const point of points(steps.create)) {
      const killed = await create('demo', { CHP_FAILPOINT: `chp:${point}` });
      expect({ point, code: killed.code, out: killed.stdout }).toEqual({ point, code: null, out: '' });
    }
    const done = await create('demo');
    // Killed after its last step, it is whole: then there is nothing left to create.
    if (done.code !== 0) expect(done.json?.error?.code).toBe('TENANT_EXISTS');
    await answers('demo');
    expect((await chp.json(['tenant', 'plan', 'demo', '--exit-code'])).empty).toBe(true);
  });

  test('at every step of apply: the gateway that ran before still answers, the next run goes on', {
    timeout: 900_000,
  }, async () => {
    let value = 100;
    for (const point of points(steps.apply)) {
      value += 1;
      const killed = await chp.run(['tenant', 'apply', 'demo', '-f', '-', '--json'], {
        input: document('demo', value),
        env: { CHP_FAILPOINT: `chp:${point}` },
      });
      expect({ point, code: killed.code }).toEqual({ point, code: null });
      await answers('demo');
    }
    await chp.json(['tenant', 'apply', 'demo', '-f', '-'], { input: document('demo', 99) });
    await answers('demo');
    expect(await chp.json(['config', 'get', 'demo', 'agents.defaults.timeoutSeconds'])).toBe(99);
    expect((await chp.json(['tenant', 'plan', 'demo', '--exit-code'])).empty).toBe(true);
  });

  test('Ctrl-C in the middle of an apply, to all that the terminal runs: put back, exit 130, the next run goes on', async () => {
    const [program = '', ...args] = chp.argv(['tenant', 'apply', 'demo', '-f', '-', '--json']);
    const child = spawn(program, args, { env: chp.env, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(document('demo', 98));
    const journal = join(chp.home, 'hub/tenants/demo/journal.jsonl');
    await expect.poll(() => readFileSync(journal, 'utf8'), { interval: 20 }).toMatch(/"switched"(?!.*"end")/s);
    process.kill(-(child.pid as number), 'SIGINT');
    const [stdout, code] = await Promise.all([text(child.stdout), once(child, 'close').then(([status]) => status)]);
    expect(code).toBe(130);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('put back what ran before'),
      next: [expect.stringContaining('same command'), 'chp tenant show demo'],
    });
    await answers('demo');
    expect((await chp.json(['tenant', 'apply', 'demo'])).applied.outcome).toBe('committed');
    expect(await chp.json(['config', 'get', 'demo', 'agents.defaults.timeoutSeconds'])).toBe(98);
  });

  test('at every step of destroy: the next run ends it, and nothing is left', { timeout: 900_000 }, async () => {
    // Not in the registry any more after the last one: so these names are those that matter before it.
    for (const point of points(['mark', 'remove-from-host', 'deprovision', 'unregister'])) {
      const killed = await chp.run(['tenant', 'destroy', 'demo', '--yes', '--json'], {
        env: { CHP_FAILPOINT: `chp:${point}` },
      });
      expect({ point, code: killed.code }).toEqual({ point, code: null });
    }
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
    expect(existsSync(join(chp.home, 'hub'))).toBe(false);
    expect((await chp.json(['audit', 'verify'])).entries).toBeGreaterThan(0);
  });
});
