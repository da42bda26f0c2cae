import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';

/** Generations as an operator meets them: a tenant on a real systemd host, gone back and forth. */
let hosts: TestHosts;
let host: TestHost;
let chp: Chp;

const json = (...argv: string[]): Promise<any> => chp.json(argv);
const fails = (code: number, ...argv: string[]): Promise<any> => chp.json(argv, { code });
const exported = async (): Promise<string> => (await chp.run(['tenant', 'export', 'smith'])).stdout;
const onHost = async (script: string): Promise<string> => (await host.exec('sh', '-c', script)).stdout.trim();
const NOTHING_TO_DO = {
  generation: null,
  infrastructure: [],
  drift: { config: [], files: [], services: [] },
  empty: true,
};
const TENANT = '/var/lib/chp/tenants/smith';
/** Seconds that the gateway itself was told to give a turn: by which one sees what config runs. */
const timeout = (): Promise<string> =>
  onHost(
    `python3 -c 'import json; print(json.load(open("${TENANT}/config/gateway.json"))["agents"]["defaults"].get("timeoutSeconds"))'`,
  );
const list = async (): Promise<any[]> => (await json('generation', 'list', 'smith')).generations;

beforeAll(async () => {
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  await json('tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo', '--accept-new');
  await json('config', 'set', 'smith', 'agents.defaults.timeoutSeconds', '71');
  await json('skill', 'add', 'smith', 'builtin:household');
});

afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

describe('what there is', () => {
  test('list joins registry and host; what separates two is said without values', async () => {
    const found = await list();
    expect(found.map(({ number, outcome, host: there }) => [number, outcome, there.current, there.lastProven])).toEqual(
      [
        [3, 'committed', true, false],
        [2, 'committed', false, true],
        [1, 'committed', false, false],
      ],
    );
    expect(found.every((one) => one.host.complete)).toBe(true);
    const diff = await json('generation', 'diff', 'smith', '1');
    expect(diff).toMatchObject({
      numbers: { from: 1, to: 3 },
      runtime: null,
      config: expect.arrayContaining(['agents.defaults.timeoutSeconds']),
      skills: [{ name: 'household', change: 'add' }],
      secrets: [],
    });
    expect((await json('generation', 'show', 'smith', '3')).made.skills).toEqual(['household']);
  });

  test('a host that can’t be reached is said so', async () => {
    await chp
      .run(['generation', 'list', 'smith'], { env: { CHP_SSH_CONFIG: '/dev/null' } })
      .then(({ stdout, code }) => {
        expect(code).toBe(0);
        expect(stdout).toContain('is not known');
      });
  });
});

describe('going back', () => {
  test('one that is not there: an error that says what is, and nothing is changed', async () => {
    const error = await fails(3, 'rollback', 'smith', '--to', '9', '--yes');
    expect(error.code).toBe('NOT_FOUND');
    expect(error.next.join('\n')).toMatch(/There is 3 \(.*runs/);
    expect((await list())[0].host.current).toBe(true);
  });

  test('--dry-run shows it; without --yes a pipeline is refused', async () => {
    const plan = await json('rollback', 'smith', '--dry-run');
    expect(plan).toMatchObject({
      to: { number: 2 },
      sends: false,
      document: 'restored',
      state: { runtimeChanges: false },
    });
    expect((await fails(2, 'rollback', 'smith')).code).toBe('BAD_INPUT');
    expect(await timeout()).toBe('71');
  });

  test('whole, without sending anything; the registry says what runs, and apply has nothing to do', async () => {
    const three = await exported();
    const back = await json('rollback', 'smith', '--to', '1', '--yes');
    expect(back.applied.outcome).toBe('committed');
    expect(back.applied.checks.find(({ id }: { id: string }) => id === 'agent.turn').verdict).toBe('pass');
    expect(await timeout()).toBe('None');
    expect(await exported()).not.toContain('timeoutSeconds');
    expect(await json('tenant', 'plan', 'smith')).toMatchObject(NOTHING_TO_DO);
    expect((await list()).find(({ number }) => number === 3).reason).toMatch(/gone back from, to generation 1/);
    // And forth: the document of then, comments and all.
    await json('rollback', 'smith', '--to', '3', '--yes');
    expect(await timeout()).toBe('71');
    expect(await exported()).toBe(three);
    expect(await onHost(`ls ${TENANT}/current/skills`)).toBe('household');
  });

  test('chp dies on the way: the same command goes on to where it was going', async () => {
    const dying = await chp.run(['rollback', 'smith', '--yes'], { env: { CHP_FAILPOINT: 'chp:activate 2:after' } });
    expect(dying.code).not.toBe(0);
    expect((await list()).find(({ number }) => number === 2).host.current).toBe(true);
    const again = await json('rollback', 'smith', '--yes');
    expect(again.plan.to.number).toBe(2);
    expect(await json('tenant', 'plan', 'smith')).toMatchObject(NOTHING_TO_DO);
  });

  test('two rollbacks at once: one waits, both end whole', async () => {
    const both = await Promise.all(
      ['1', '3'].map((to) => chp.run(['rollback', 'smith', '--to', to, '--yes', '--json'])),
    );
    expect(both.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
    for (const { code } of both) expect([0, 4]).toContain(code);
    expect(await json('tenant', 'plan', 'smith')).toMatchObject(NOTHING_TO_DO);
  });
});

describe('what is kept', () => {
  test('failed ones keep their logs; a pinned one outlives retention; a removed one is made anew and sent', async () => {
    await json('rollback', 'smith', '--to', '3', '--yes');
    await json('generation', 'pin', 'smith', '2');
    const document = join(chp.home, 'smith.yaml');
    writeFileSync(document, `${await exported()}retention: {generations: 2}\n`);
    await json('tenant', 'apply', 'smith', '-f', document);
    await json('config', 'set', 'smith', 'agents.defaults.timeoutSeconds', '75');
    expect((await json('generation', 'prune', 'smith', '--dry-run')).removed).toEqual([]);
    expect((await json('generation', 'prune', 'smith')).removed).toEqual([]);
    const known = await list();
    expect(known.filter(({ host: there }) => there?.stagedAt).map(({ number }) => number)).toEqual([4, 3, 2]);
    const sent = await json('rollback', 'smith', '--to', '1', '--yes');
    expect(sent.plan.sends).toBe(true);
    expect(await timeout()).toBe('None');
    await json('generation', 'unpin', 'smith', '2');
    expect(
      await json('audit', 'list', '--tenant', 'smith').then(
        (entries) => entries.filter(({ action }: { action: string }) => action === 'tenant.generation').length,
      ),
    ).toBeGreaterThan(1);
  });

  test('a failed one keeps what its services said last', async () => {
    const text = readFileSync(join(chp.home, 'smith.yaml'), 'utf8').replace(
      'provider: demo',
      'provider: openai-compatible\n  id: none\n  baseUrl: http://127.0.0.1:9/v1',
    );
    writeFileSync(join(chp.home, 'bad.yaml'), text);
    expect((await fails(8, 'tenant', 'apply', 'smith', '-f', join(chp.home, 'bad.yaml'))).code).toBe('UNHEALTHY');
    const failed = (await list()).find(({ outcome }) => outcome === 'reverted');
    expect(failed.host.failure).toMatchObject({
      reason: expect.stringContaining('agent turn'),
      logs: expect.arrayContaining(['gateway.log']),
    });
    expect(await onHost(`wc -c < ${TENANT}/failed/${failed.digest}/gateway.log`)).not.toBe('0');
  });
});
