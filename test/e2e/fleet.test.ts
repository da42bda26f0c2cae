import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';

/** A rollout to real hosts. CHP_TEST_FLEET_HOSTS=12 for as many as a small fleet has. */
const COUNT = Number(process.env.CHP_TEST_FLEET_HOSTS ?? 4);
const CREATED_AT_ONCE = 2;
const names = Array.from({ length: COUNT }, (_, index) => `t${index + 1}`);
const [CANARY = '', BROKEN = '', OFFLINE = ''] = names;

let hosts: TestHosts;
let chp: Chp;
const hostOf = (tenant: string) => hosts.hosts[names.indexOf(tenant)] as TestHost;

beforeAll(async () => {
  hosts = await startHosts(COUNT);
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  const left = names.values();
  const lane = async (): Promise<void> => {
    for (const name of left) {
      const document = [
        'schema: 1',
        `name: ${name}`,
        'topology: hub',
        `host: ${hostOf(name).alias}`,
        `labels: {ring: ${name === CANARY ? 'early' : 'stable'}}`,
        'model: {provider: demo}',
        '',
      ].join('\n');
      await chp.json(['tenant', 'create', '-f', '-', '--accept-new'], { input: document });
    }
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, lane));
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

const stage = (tenant: string, value: string) =>
  chp.json(['config', 'set', tenant, 'agents.defaults.timeoutSeconds', value, '--stage']);
const stateOf = (result: { tenants: { tenant: string; state: string; reason: string }[] }, tenant: string) =>
  result.tenants.find((one) => one.tenant === tenant);
const others = names.filter((name) => ![CANARY, BROKEN, OFFLINE].includes(name));

test('a canary rollout: a broken hub halts it, an offline one is left for later, resume does what is left', async () => {
  await Promise.all(names.map((name) => stage(name, name === BROKEN ? '-1' : '91')));
  const wanted = ['tenant', 'apply', '--all', '--rings', 'early,stable', '--seed', '1'];
  const preview = await chp.json([...wanted, '--dry-run']);
  expect(preview.waves.map(({ title }: { title: string }) => title)).toEqual(['canaries', 'ring stable']);
  expect(preview.waves[0].tenants).toEqual([CANARY]);
  await hostOf(OFFLINE).exec('systemctl', 'stop', 'ssh.service');

  const halted = await chp.json(wanted, { code: 12 });
  expect(halted).toMatchObject({
    kind: 'rollout',
    state: 'halted',
    reason: expect.stringContaining(`${BROKEN} failed`),
  });
  expect(stateOf(halted, CANARY)?.state).toBe('done');
  expect(stateOf(halted, BROKEN)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/^CONFIG_REFUSED/) });
  expect(stateOf(halted, OFFLINE)?.state).toBeOneOf(['deferred', 'waiting']);
  const job = halted.id.slice(0, 8);
  expect((await chp.json(['job', 'list', '--state', 'halted'])).map(({ id }: { id: string }) => id)).toEqual([
    halted.id,
  ]);

  await stage(BROKEN, '91');
  const most = await chp.json(['job', 'resume', job, '--retry-failed'], { code: 12 });
  expect(most).toMatchObject({ state: 'partial', reason: '1 deferred', counts: { done: COUNT - 1, deferred: 1 } });
  expect(stateOf(most, OFFLINE)).toMatchObject({ state: 'deferred', reason: expect.stringMatching(/^offline/) });

  await hostOf(OFFLINE).exec('systemctl', 'start', 'ssh.service');
  const done = await chp.json(['job', 'resume', job]);
  expect(done).toMatchObject({ state: 'done', counts: { done: COUNT } });
  // Nothing was done twice: one job that ended well for each.
  for (const name of [CANARY, ...others]) {
    const jobs = await chp.json(['job', 'list', '--tenant', name]);
    const applied = jobs.filter((one: { kind: string; state: string }) => one.kind === 'apply' && one.state === 'done');
    expect(applied, name).toHaveLength(1);
  }
  for (const name of [BROKEN, OFFLINE])
    expect(await chp.json(['config', 'get', name, 'agents.defaults.timeoutSeconds'])).toBe(91);
  expect((await chp.json(['tenant', 'plan', OFFLINE])).empty).toBe(true);
  expect((await chp.json(['audit', 'verify'])).entries).toBeGreaterThan(COUNT);
});
