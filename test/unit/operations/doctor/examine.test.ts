import { expect, test } from 'vitest';
import type { DoctorCheck } from '../../../../src/core/doctor.ts';
import { ChpError } from '../../../../src/core/errors.ts';
import { check, fail, warn } from '../../../../src/operations/doctor/check.ts';
import { examine, type Outcome, readInTime, type Source } from '../../../../src/operations/doctor/examine.ts';

const fix = { text: 'Mend OF of TENANT.', command: 'chp mend TENANT OF' };
const row = { group: 'host', title: 'Disk', means: 'It is full.', fix } as const;
const disk = check({
  ...row,
  id: 'host.disk',
  needs: ['machine'],
  owns: ['machine'],
  judge: ({ machine: { diskFreeMb } }) => (diskFreeMb < 10 ? fail(`${diskFreeMb} MB`, { of: 'sda' }) : 'room'),
});
const memory = check({ ...row, id: 'host.memory', needs: ['machine'], judge: () => warn('little') });
const version = check({ ...row, id: 'agent.version', needs: ['installation', 'machine'], judge: () => 'right' });

const subject = { tenant: 'smith', since: new Date(0), now: new Date(0) };
const from =
  (outcomes: Record<string, Outcome>): Source =>
  async (name) =>
    outcomes[name] as Outcome;
const brief = (checks: DoctorCheck[]) => checks.map(({ id, verdict, detail }) => `${id} ${verdict} ${detail}`);

test('a finding carries the fix of its check, with what it is about filled in', async () => {
  const told: DoctorCheck[] = [];
  const source = from({ machine: { state: 'ok', value: { diskFreeMb: 3 } } });
  const found = await examine([disk], source, subject, (one) => told.push(one));
  expect(found).toMatchObject([
    {
      ...{ id: 'host.disk', of: 'sda', verdict: 'fail', detail: '3 MB' },
      fix: { text: 'Mend sda of smith.', command: 'chp mend smith sda', automatic: null },
    },
  ]);
  expect(told).toEqual(found);
});

test('what passes has no fix', async () => {
  const [found] = await examine(
    [disk],
    from({ machine: { state: 'ok', value: { diskFreeMb: 30 } } }),
    subject,
    () => {},
  );
  expect(found).toMatchObject({ verdict: 'pass', detail: 'room', of: null, fix: null });
});

test('a reading that failed is told by its owner; the others that need it are skipped', async () => {
  const found = await examine(
    [memory, disk],
    from({ machine: { state: 'failed', why: 'no answer' } }),
    subject,
    () => {},
  );
  expect(brief(found)).toEqual(['host.memory skipped no answer', 'host.disk fail no answer']);
});

test('where the owner was not asked for, it does not go untold', async () => {
  const found = await examine([memory], from({ machine: { state: 'failed', why: 'no answer' } }), subject, () => {});
  expect(brief(found)).toEqual(['host.memory fail no answer']);
});

test('the root is to blame, wherever it shows', async () => {
  const source = from({
    installation: { state: 'failed', why: 'the host is away', root: 'machine' },
    machine: { state: 'ok', value: { diskFreeMb: 30 } },
  });
  expect(brief(await examine([version, disk], source, subject, () => {}))).toEqual([
    'agent.version skipped the host is away',
    'host.disk pass room',
  ]);
});

test('what is not there to be read is skipped, with the reason', async () => {
  const found = await examine([disk], from({ machine: { state: 'skipped', why: 'it has none' } }), subject, () => {});
  expect(brief(found)).toEqual(['host.disk skipped it has none']);
});

test('a reading in another form than it must have is a finding, not a crash', async () => {
  const found = await examine([disk], from({ machine: { state: 'ok', value: null } }), subject, () => {});
  expect(brief(found)).toEqual([expect.stringMatching(/^host\.disk fail what was read can't be judged/)]);
});

test('each reading is asked for once', async () => {
  let asked = 0;
  const source: Source = async () => {
    asked++;
    return { state: 'ok', value: { diskFreeMb: 30 } };
  };
  await examine([disk, memory], source, subject, () => {});
  expect(asked).toBe(1);
});

test('one that hangs does not hold up the others', async () => {
  const hung = Promise.withResolvers<Outcome>();
  const source: Source = (name) =>
    name === 'machine' ? hung.promise : Promise.resolve({ state: 'failed', why: 'gone', root: 'installation' });
  const told = Promise.withResolvers<DoctorCheck>();
  const own = check({
    ...row,
    id: 'generation.files',
    needs: ['installation'],
    owns: ['installation'],
    judge: () => '',
  });
  const all = examine([disk, own], source, subject, told.resolve);
  expect((await told.promise).id).toBe('generation.files');
  hung.resolve({ state: 'failed', why: 'late' });
  expect(brief(await all)).toEqual(['host.disk fail late', 'generation.files fail gone']);
});

test('a reading that never ends is given up, one that throws says why and what to do', async () => {
  expect(await readInTime(1, () => new Promise(() => {}))).toMatchObject({
    state: 'failed',
    why: 'no answer within 0.001 s',
  });
  const error = new ChpError('REGISTRY_CORRUPT', 'damaged', { why: 'Cut off.', next: ['Restore it.'] });
  expect(await readInTime(1000, () => Promise.reject(error))).toEqual({
    ...{ state: 'failed', why: 'damaged: Cut off.', next: ['Restore it.'] },
  });
});
