import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTemporal, type TestTemporal } from '../../support/temporal.ts';
import { type TestWorker, testWorker } from '../../support/worker.ts';
import { pack, tell } from './packs.ts';

/** Temporal's workflow sandbox has a Date of its own. */
const times = pack(
  [
    { id: 'later', uses: 'set', with: { at: '${{ timestamp(now) + duration("24h") }}' } },
    {
      id: 'zone',
      uses: 'set',
      with: { hour: '${{ local(timestamp("2026-11-25T06:55:00Z"), "Europe/Berlin").hour }}' },
    },
    {
      id: 'day',
      uses: 'set',
      with: { begin: '${{ dayStart(timestamp("2026-03-29T12:00:00Z"), 0, "Europe/Berlin") }}' },
    },
  ],
  { id: 'times', outputs: { hour: '${{ steps.zone.output.hour }}', begin: '${{ steps.day.output.begin }}' } },
);

let dir = '';
let temporal: TestTemporal;
let worker: TestWorker;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chp-worker-'));
  temporal = await startTemporal(dir);
  worker = await testWorker({
    dir,
    temporal: temporal.address,
    tenants: [
      {
        compiled: [
          {
            pack: pack([{ id: 'tell', ...tell('canary-of-the-family') }], {
              outputs: { via: '${{ steps.tell.output.deliveries[0].via }}' },
            }),
          },
          { pack: pack([{ id: 'nap', wait: { for: '1h' } }], { id: 'nap' }) },
          { pack: times },
        ],
      },
    ],
  });
  await worker.start();
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await temporal?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

test('boots from its tree with an empty environment, and says what it runs', async () => {
  expect(await worker.call('health')).toMatchObject({
    build: 'test',
    temporal: { ok: true },
    tenants: [
      {
        name: 'smith',
        problem: null,
        packs: [
          { id: 'brief', problem: null },
          { id: 'nap', problem: null },
          { id: 'times', problem: null },
        ],
      },
    ],
    draining: false,
  });
});

test('a run from start to end, listed and described', async () => {
  const { run, result } = await worker.call('run', { pack: 'brief', by: 'ana', wait: true });
  expect(result).toMatchObject({
    status: 'success',
    outputs: { via: 'inbox' },
    steps: [{ path: 'tell', status: 'success' }],
  });
  expect(run).toMatch(/^smith\/brief\/\d{8}T\d{6}Z-[0-9a-f]{6}$/);
  expect(await worker.call('describe', { run })).toMatchObject({
    pack: 'brief',
    version: '1.0.0',
    trigger: 'manual',
    status: 'success',
    steps: [{ path: 'tell' }],
  });
  await expect.poll(() => worker.call('runs', { pack: 'brief' })).toMatchObject([{ run, status: 'success' }]);
});

test('times are times in a run, too', async () => {
  const { result } = await worker.call('run', { pack: 'times', by: 'ana', wait: true });
  expect(result).toMatchObject({ status: 'success', outputs: { hour: 7, begin: '2026-03-28T23:00:00.000Z' } });
});

test('what goes on is shown, and may be stopped', async () => {
  const { run } = await worker.call('run', { pack: 'nap', by: 'ana' });
  expect(await worker.call('describe', { run })).toMatchObject({ status: 'running', steps: [], endedAt: null });
  await worker.call('cancel', { run, by: 'ana' });
  await expect.poll(() => worker.call('describe', { run })).toMatchObject({ status: 'manual-override' });
  await expect(worker.call('cancel', { run, by: 'ana' })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await worker.call('audit')).toMatchObject([{ event: 'run.cancelled', actor: 'ana', run }]);
});

test('nobody reads in the server’s file what a family said', async () => {
  const file = await readFile(temporal.dbFile);
  const log = await readFile(`${temporal.dbFile}-wal`).catch(() => Buffer.alloc(0));
  expect(file.length + log.length).toBeGreaterThan(100_000);
  expect([file.includes('smith/brief/'), log.includes('smith/brief/')]).toContain(true);
  expect([file.includes('canary-of-the-family'), log.includes('canary-of-the-family')]).toEqual([false, false]);
});
