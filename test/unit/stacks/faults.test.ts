import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChpError } from '../../../src/core/errors.ts';
import { explainFailure } from '../../../src/stacks/run/faults.ts';
import { parseLocks, removeDeadLocks } from '../../../src/stacks/run/locks.ts';

/** As engine 3.259.0 prints it. */
const locked = (url: string, host: string, pid: number) =>
  `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n  ${url}?no_tmp_dir=true: created by root@${host} (pid ${pid}) at 2026-11-24T10:56:39Z\n`;

test('a lock is told with its holder and its file', () => {
  const url = 's3://state/.pulumi/locks/organization/chp/smith/021f.json';
  expect(explainFailure('smith', new Error(locked(url, 'desk', 31469)))).toMatchObject({
    code: 'LOCKED',
    why: 'It is held by root on desk (pid 31469) since 2026-11-24T10:56:39Z.',
    next: expect.arrayContaining([`When process 31469 is gone from desk: remove ${url}`]),
    details: { locks: [{ url, user: 'root', host: 'desk', pid: 31469, since: '2026-11-24T10:56:39Z' }] },
  });
});

test('only locks of dead engines on this machine are removed, and only those', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chp-locks-'));
  const lock = async (name: string, host: string, pid: number) => {
    await writeFile(join(dir, `${name}.json`), '{}');
    return parseLocks(locked(`file://${join(dir, `${name}.json`)}`, host, pid));
  };
  const locks = [
    ...(await lock('dead', hostname(), 2 ** 22 + 1)),
    ...(await lock('elsewhere', `not-${hostname()}`, 2 ** 22 + 1)),
    // This test itself: a process id that was given to somebody else.
    ...(await lock('reused', hostname(), process.pid)),
    ...parseLocks(locked('s3://state/x.json', hostname(), 2 ** 22 + 1)),
  ];
  const removed = await removeDeadLocks(locks);
  const expected = process.platform === 'linux' ? ['dead', 'reused'] : ['dead'];
  expect(removed.map(({ url }) => /(\w+)\.json$/.exec(url)?.[1])).toEqual(expected);
  expect(['dead', 'elsewhere', 'reused'].filter((name) => existsSync(join(dir, `${name}.json`)))).toEqual(
    process.platform === 'linux' ? ['elsewhere'] : ['elsewhere', 'reused'],
  );
});

test.each([
  ['error: could not create stack: incorrect passphrase', 'ENGINE_FAILED', /can't be decrypted/],
  ['error: the current deployment has 1 resource(s) with pending operations', 'STATE_STUCK', /never ended/],
  ['error: could not load checkpoint: unexpected end of JSON input', 'INTEGRITY', /damaged/],
  ['Updating (x)\nerror: something else\n', 'ENGINE_FAILED', /Pulumi failed for smith/],
])('%s', (text, code, message) => {
  const fault = explainFailure('smith', new Error(text));
  expect(fault).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(fault.next.length).toBeGreaterThan(0);
});

test("an error of ours stays what it is, and a word of another stack's name is no fault of the state", () => {
  const fault = new ChpError('DEADLINE', 'late');
  expect(explainFailure('smith', fault)).toBe(fault);
  const warned = 'warning: Attempting to deploy or update resources with 1 pending operations\nerror: host is down';
  expect(explainFailure('smith', new Error(warned)).code).toBe('ENGINE_FAILED');
});
