import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHosts, type TestHosts } from '../hosts/hosts.ts';
import { listing } from '../hosts/listing.ts';
import { Chp } from '../support/chp.ts';

/** Several operators at once, on one registry and one host. */
let hosts: TestHosts;
let chp: Chp;
let before: string;

beforeAll(async () => {
  hosts = await startHosts(1);
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  before = await listing(hosts.hosts[0] as TestHosts['hosts'][number]);
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

const create = (name: string, ...more: string[]) =>
  chp.run(['tenant', 'create', name, '--host', 'chp-host-1', '--model', 'demo', '--accept-new', '--json', ...more]);
const plan = (name: string) => chp.json(['tenant', 'plan', name, '--exit-code']);

test('two creates of one name and one of another: one wins, one is told, both tenants end whole', async () => {
  const [one, two, other] = await Promise.all([
    create('smith', '--wait', '0'),
    create('smith', '--wait', '0'),
    create('jones'),
  ]);
  const [winner, loser] = one.code === 0 ? [one, two] : [two, one];
  expect(winner.code, `${one.stdout}\n${two.stdout}`).toBe(0);
  expect(winner.json?.result.applied.outcome).toBe('committed');
  expect(loser.json?.error?.code).toBeOneOf(['LOCKED', 'TENANT_EXISTS']);
  expect(loser.code).toBeOneOf([4, 5]);
  expect(loser.json?.error?.next.length).toBeGreaterThan(0);
  expect(other.code, other.stdout).toBe(0);
  expect(other.json?.result.applied.outcome).toBe('committed');

  const tenants = await chp.json(['tenant', 'list']);
  expect(tenants.map(({ name, phase }: { name: string; phase: string }) => [name, phase])).toEqual([
    ['jones', 'ready'],
    ['smith', 'ready'],
  ]);
  const ports = await Promise.all(['jones', 'smith'].map((name) => chp.json(['config', 'get', name, 'gateway.port'])));
  expect(ports.toSorted()).toEqual([18_789, 18_799]);
  expect((await plan('smith')).empty).toBe(true);
  expect((await plan('jones')).empty).toBe(true);
});

test('a port of another tenant is refused before anything is done', async () => {
  const refused = await create('brown', '--port', '18791');
  expect(refused.code).toBe(4);
  expect(refused.json?.error).toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/port 18791 is taken/),
  });
  expect(await chp.json(['tenant', 'list'])).toHaveLength(2);
});

test('two operators push at once: one after the other, and neither change is lost', async () => {
  const set = (path: string, value: string) => chp.json(['config', 'set', 'smith', path, value]);
  const [one, two] = await Promise.all([
    set('agents.defaults.timeoutSeconds', '91'),
    set('messages.ackReactionScope', 'all'),
  ]);
  expect([one.pushed.outcome, two.pushed.outcome]).toEqual(['committed', 'committed']);
  expect(await chp.json(['config', 'get', 'smith', 'agents.defaults.timeoutSeconds'])).toBe(91);
  expect(await chp.json(['config', 'get', 'smith', 'messages.ackReactionScope'])).toBe('all');
  expect((await plan('smith')).empty).toBe(true);
});

test('destroyed at once: each takes its own, and nothing is left', async () => {
  await Promise.all(['smith', 'jones'].map((name) => chp.json(['tenant', 'destroy', name, '--yes'])));
  expect(await chp.json(['tenant', 'list'])).toEqual([]);
  expect(await listing(hosts.hosts[0] as TestHosts['hosts'][number])).toBe(before);
  expect((await chp.json(['audit', 'verify'])).entries).toBeGreaterThan(5);
});
