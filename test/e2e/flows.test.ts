import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { packagePath } from '../../src/core/package-root.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { DOOR, type Family, OMA, startFamily } from '../support/family.ts';

/**
 * The three flows from their trigger to their end, by the command line alone: a hub with real systemd, over real SSH, with
 * the real gateway, Temporal and worker. What lies beyond the hub speaks its real protocol.
 */
let hosts: TestHosts;
let hub: TestHost;
let family: Family;
let chp: Chp;
const catalogue = mkdtempSync(join(tmpdir(), 'chp-flows-'));
const BRIEF = 'Clash: school play 09:00 and Ben’s dentist 09:30. Who goes where?';
/** When the brief is due by its schedule: when all else is done. */
const due = new Date(Date.now() + 60_000);
let slowMs = 0;

beforeAll(async () => {
  hosts = await startHosts(1);
  hub = hosts.hosts[0] as TestHost;
  family = await startFamily(hosts, hub, ({ text }) => {
    if (text.includes('Write the morning brief')) return { say: BRIEF, afterMs: slowMs };
    if (text.includes('You are on the telephone'))
      return { say: text.includes('And the cat?') ? 'END' : 'And the cat?' };
    if (text.includes('Sum up this check-in call'))
      return { say: '{"summary": "Rosa slept well and has eaten.", "sentiment": "positive"}' };
    return { say: 'hello' };
  });
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig, ...family.secrets });
});
afterAll(async () => {
  await family?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
  rmSync(catalogue, { recursive: true, force: true });
});
beforeEach(() => {
  slowMs = 0;
  if (!family) return;
  family.home.calls.length = 0;
  family.telegram.messages.length = 0;
  family.home.set(DOOR, 'locked');
});

const said = (chat: string) => family.telegram.messages.filter((one) => one.chat === chat).map(({ text }) => text);
/** Without the brief, which may come by its schedule meanwhile. */
const told = (chat: string) => said(chat).filter((text) => text !== BRIEF);
const unlocks = () => family.home.calls.filter(({ service }) => service === 'lock.unlock');
const start = async (...args: string[]): Promise<string> =>
  (await chp.json(['pack', 'run', 'smith', ...args, '--detach'])).run;
/** The newest run of a pack that is not among `before`. */
const runs = async (pack: string): Promise<{ run: string; trigger: string; status: string; reason: string | null }[]> =>
  chp.json(['pack', 'history', 'smith', pack]);
const ended = (run: string, timeout = 60_000) =>
  expect.poll(async () => (await chp.json(['pack', 'history', 'smith', '--run', run]))[0].result, { timeout });
const question = async (run: string): Promise<{ id: string }> => {
  const asked = async () => (await chp.json(['inbox', 'smith'])).find((one: { run: string }) => one.run === run);
  await expect.poll(asked, { timeout: 30_000 }).toBeDefined();
  return asked();
};
const recorded = async (run: string): Promise<{ event: string; actor: string; at: string; details: object }[]> =>
  (await chp.json(['pack', 'audit', 'smith'])).filter((one: { run: string }) => one.run === run);

test('a hub with connectors and a bot, its packs from a catalogue of the family’s own', async () => {
  const given = Object.keys(family.secrets).flatMap((name) => ['--secret-env', name]);
  const created = await chp.json(['tenant', 'create', '-f', '-', '--accept-new', ...given], { input: family.document });
  expect(created.applied.outcome).toBe('committed');
  await chp.json(['catalogue', 'init', catalogue, '--name', 'family']);
  for (const id of ['morning-brief', 'unlock-door', 'telephony-check-in'])
    await chp.json(['pack', 'publish', packagePath('workflow-packs', id), '--catalogue', 'family']);
  const install = (id: string, ...inputs: string[]) =>
    chp.json(['pack', 'install', 'smith', `family/${id}`, ...inputs.flatMap((input) => ['--input', input])]);
  await install('morning-brief', 'readers=[ana, ben]', 'calendar=family@example.com');
  await install('unlock-door', 'relock=1s');
  await install('telephony-check-in', 'elder_name=Rosa', `phone="${OMA}"`, 'family=[ana]', 'nearby=[ben]');
  const { checks } = (await chp.json(['tenant', 'apply', 'smith'])).applied;
  const verdicts = checks.map(({ id, verdict }: { id: string; verdict: string }) => [id, verdict]);
  for (const part of ['connector.google-calendar', 'connector.home-assistant', 'connector.twilio', 'notify.telegram'])
    expect(verdicts).toContainEqual([part, 'pass']);
}, 300_000);

test('Morning Brief: the calendar becomes a message to each reader, and is in the history', async () => {
  const { run, result } = await chp.json(['pack', 'run', 'smith', 'morning-brief', '--as', 'ana']);
  expect(result).toMatchObject({ status: 'success', outputs: { brief: BRIEF, events: 2, delivered: 2 } });
  expect([said('11'), said('22'), said('33')]).toEqual([[BRIEF], [BRIEF], []]);
  expect(family.model.requests.at(-1)?.text).toContain('Dentist (Ben)');
  expect(await runs('morning-brief')).toMatchObject([{ run, trigger: 'manual', status: 'success' }]);
  expect(await recorded(run)).toMatchObject([{ event: 'brief.sent', details: { events: 2, delivered: 2, failed: 0 } }]);
  // From now on by its schedule; the last test looks for it.
  due.setTime(Date.now() + 150_000);
  const time = due.toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' });
  await chp.json(['pack', 'install', 'smith', 'family/morning-brief', '--input', `time="${time}"`]);
});

test('unlock: a child asks in the chat, an adult approves, the door opens once, who and when is recorded', async () => {
  family.telegram.write(33, 'Unlock the door');
  await expect.poll(() => runs('unlock-door')).toMatchObject([{ trigger: 'message', status: 'running' }]);
  const { run } = (await runs('unlock-door'))[0] as { run: string };
  const { id } = await question(run);
  for (const chat of ['11', '22']) expect(told(chat)).toEqual([expect.stringContaining('Unlock Front door for cleo')]);
  expect([told('33'), unlocks()]).toEqual([[], []]);
  expect(await chp.json(['approve', 'smith', id, '--as', 'cleo'], { code: 2 })).toMatchObject({ code: 'BAD_INPUT' });
  const before = Date.now();
  expect(await chp.json(['approve', 'smith', id, '--as', 'ana'])).toEqual({
    envelope: id,
    by: 'ana',
    state: 'approved',
  });
  expect(await chp.json(['deny', 'smith', id, '--as', 'ben'], { code: 4 })).toMatchObject({ code: 'CONFLICT' });
  await ended(run).toMatchObject({ status: 'success' });
  expect(unlocks()).toEqual([{ service: 'lock.unlock', entity: DOOR, data: {} }]);
  expect(family.home.state(DOOR)).toBe('locked');
  const confirmed = 'Front door is unlocked for cleo, approved by ana.';
  expect([told('11').at(-1), told('22').at(-1)]).toEqual([confirmed, confirmed]);
  const trail = await recorded(run);
  expect(trail).toMatchObject([
    { event: 'envelope.approved', actor: 'ana', details: { envelope: id } },
    { event: 'door.unlocked', actor: 'ana', details: { envelope: id, asked_by: 'cleo', approved_by: ['ana'] } },
  ]);
  expect(Date.parse(trail[1]?.at ?? '')).toBeGreaterThan(before);
  expect((await chp.json(['audit', 'list', '--tenant', 'smith'])).at(-1)).toMatchObject({
    action: 'envelope.approve',
    details: { envelope: id, as: 'ana' },
  });
});

test('unlock: one no, or nobody in time, and the door stays locked; answers after that do not count', async () => {
  const denied = await start('unlock-door', '--as', 'cleo');
  const late = await start('unlock-door', '--as', 'cleo', '--input', 'expires=4s');
  const { id } = await question(denied);
  await chp.json(['deny', 'smith', id, '--as', 'ben', '--comment', 'not now']);
  await ended(denied).toMatchObject({ status: 'blocked', reason: expect.stringContaining('Ben (“not now”) said no') });
  await ended(late).toMatchObject({ status: 'blocked', reason: expect.stringContaining('nobody said yes in time') });
  for (const run of [denied, late])
    expect(await chp.json(['approve', 'smith', `${run}/ask`, '--as', 'ana'], { code: 4 })).toMatchObject({
      code: 'CONFLICT',
    });
  const states = new Map(
    (await chp.json(['inbox', 'smith', '--all'])).map((one: { id: string; state: string }) => [one.id, one.state]),
  );
  expect([states.get(id), states.get(`${late}/ask`)]).toEqual(['denied', 'expired']);
  expect(await recorded(denied)).toMatchObject([
    { event: 'envelope.denied', actor: 'ben' },
    { event: 'door.unlock-refused' },
  ]);
  const toBen: { to: string; envelope: string; delivery: object }[] = await chp.json([
    ...['inbox', 'smith', '--messages', '--to', 'ben'],
  ]);
  expect(new Set(toBen.map(({ to }) => to))).toEqual(new Set(['ben']));
  expect(toBen.find(({ envelope }) => envelope === id)).toMatchObject({ delivery: { via: 'telegram' } });
  expect([unlocks(), family.home.state(DOOR)]).toEqual([[], 'locked']);
});

test('check-in: the call is answered, the conversation becomes a summary with its sentiment', async () => {
  family.twilio.callees[OMA] = {
    does: 'answer',
    says: ['Quite well', 'I have eaten', 'Nothing, dear', 'The cat is fine'],
  };
  const { run, result } = await chp.json(['pack', 'run', 'smith', 'telephony-check-in', '--as', 'ana']);
  expect(result).toMatchObject({ status: 'success', outputs: { reached: true } });
  expect(family.twilio.calls[0]).toMatchObject({ status: 'completed', errors: [] });
  expect(family.twilio.calls[0]?.heard).toEqual(expect.arrayContaining(['> Nothing, dear', '> The cat is fine']));
  expect(told('11')).toEqual(['Rosa today (positive): Rosa slept well and has eaten.']);
  expect(await recorded(run)).toMatchObject([{ event: 'check-in.done', details: { sentiment: 'positive' } }]);
});

test('check-in: nobody picks up twice, those nearby do not answer, the next who is asked takes it', async () => {
  family.twilio.callees[OMA] = { does: 'no-answer' };
  const calls = family.twilio.calls.length;
  const run = await start('telephony-check-in', '--as', 'ana', '--input', 'again_after=1s', '--input', 'patience=3s');
  await expect.poll(() => told('11'), { timeout: 60_000 }).toEqual([expect.stringContaining('did not pick up twice')]);
  expect(told('22')[0]).toContain('did not pick up twice');
  const asked = family.telegram.messages.find(({ chat, buttons }) => chat === '11' && buttons.length > 0);
  if (asked) family.telegram.press(asked, 'I take it');
  await ended(run).toMatchObject({ status: 'success' });
  expect(family.twilio.calls.length - calls).toBe(2);
  expect(await recorded(run)).toMatchObject([
    { event: 'envelope.acknowledged', actor: 'ana' },
    { event: 'check-in.missed', details: { taken_by: 'ana', envelope: `${run}/nobody/help` } },
  ]);
});

test('a pack whose removal the host takes back runs on: the worker was told, too', async () => {
  const lacking = join(catalogue, 'lacking');
  mkdirSync(lacking);
  const needs = 'metadata: {"clawdbot":{"requires":{"bins":["no-such-bin"]}}}';
  writeFileSync(join(lacking, 'SKILL.md'), `---\nname: lacking\ndescription: Lacks a program.\n${needs}\n---\nNo.\n`);
  await chp.json(['skill', 'add', 'smith', lacking, '--stage']);
  const removed = await chp.run(['pack', 'remove', 'smith', 'unlock-door', '--json']);
  expect(removed.json?.error).toMatchObject({ code: 'UNHEALTHY', why: expect.stringContaining('no-such-bin') });
  const run = await start('unlock-door', '--as', 'cleo');
  await chp.json(['deny', 'smith', (await question(run)).id, '--as', 'ben']);
  await ended(run).toMatchObject({ status: 'blocked' });
  await chp.json(['skill', 'remove', 'smith', 'lacking', '--stage']);
});

test('the worker is killed while the lock turns: it turns once, and the run goes on to its end', async () => {
  const run = await start('unlock-door', '--as', 'cleo');
  const { id } = await question(run);
  const decided = chp.json(['approve', 'smith', id, '--as', 'ana']);
  await expect.poll(unlocks, { interval: 20 }).toHaveLength(1);
  await hub.exec('systemctl', 'kill', '--signal=KILL', 'chp-smith-worker.service');
  await decided.catch(() => {});
  await ended(run).toMatchObject({ status: 'success' });
  expect(unlocks()).toHaveLength(1);
  expect((await recorded(run)).filter(({ event }) => event === 'door.unlocked')).toHaveLength(1);
  expect(told('11').filter((text) => text.includes('is unlocked for cleo'))).toHaveLength(1);
});

test('the gateway is restarted while it is asked: the question is asked again, and answered', async () => {
  slowMs = 3_000;
  const run = await start('morning-brief', '--as', 'ana');
  const asked = () => family.model.requests.filter(({ text }) => text.includes('Write the morning brief')).length;
  const before = asked();
  await expect.poll(asked).toBeGreaterThan(before);
  slowMs = 0;
  await hub.exec('systemctl', 'restart', 'chp-smith-gateway.service');
  await ended(run, 90_000).toMatchObject({ status: 'success' });
  expect(await recorded(run)).toMatchObject([{ event: 'brief.sent', details: { delivered: 2, failed: 0 } }]);
});

test('at its time of day the brief comes by itself', async () => {
  const bySchedule = async () => (await runs('morning-brief')).filter(({ trigger }) => trigger === 'schedule');
  await expect.poll(bySchedule, { timeout: 180_000, interval: 1_000 }).toMatchObject([{ status: 'success' }]);
}, 200_000);

test('the guide for incidents: each of its commands, on this hub', async () => {
  const text = readFileSync(packagePath('docs', 'guides', 'incidents.md'), 'utf8');
  const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
  expect(commands).toHaveLength(15);
  const run = await start('unlock-door', '--as', 'cleo');
  await question(run);
  for (const command of commands) {
    const { code, stderr } = await chp.run(command.replaceAll('RUN', run).split(' ').slice(1));
    // What the tests before this one did is there to be found: doctor may well say that a check failed.
    expect([0, ...(command.includes('doctor') ? [14] : [])], `${command}: ${stderr}`).toContain(code);
  }
  await ended(run).toMatchObject({ status: 'manual-override' });
  expect(await recorded(run)).toContainEqual(expect.objectContaining({ event: 'run.cancelled' }));
  expect(unlocks()).toEqual([]);
});
