import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { VerbFailure } from '../../../../src/core/ports/automation.ts';
import { EffectsLedger, type Sealer } from '../../../../src/services/worker/effects.ts';
import { openState } from '../../../../src/services/worker/state.ts';

const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x55);
const sealer: Sealer = { seal: flip, open: flip };
const request = { key: 'smith/p/1/send', tenant: 'smith', verb: 'notify', idempotent: false };

let dir = '';
/** A ledger as the next process would find it. */
const ledger = () => new EffectsLedger(openState(dir));
let done = 0;
const effect = async () => ({ count: ++done });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chp-effects-'));
  done = 0;
});

test('an effect happens once a key, and gives its result again, also to the next process', async () => {
  expect(await ledger().once(request, sealer, effect)).toEqual({ count: 1 });
  expect(await ledger().once(request, sealer, effect)).toEqual({ count: 1 });
  expect(await ledger().once({ ...request, key: 'another' }, sealer, effect)).toEqual({ count: 2 });
});

test('a second attempt while the first still works waits for that one', async () => {
  const own = ledger();
  expect(await Promise.all([own.once(request, sealer, effect), own.once(request, sealer, effect)])).toEqual([
    { count: 1 },
    { count: 1 },
  ]);
});

test('begun by a process that died: in doubt, or done again where the key tells repetitions', async () => {
  void ledger().once(request, sealer, () => new Promise(() => {}));
  await expect(ledger().once(request, sealer, effect)).rejects.toMatchObject({ kind: 'in-doubt' });
  expect(done).toBe(0);
  expect(await ledger().once({ ...request, idempotent: true }, sealer, effect)).toEqual({ count: 1 });
});

test.each(['unavailable', 'rate-limited', 'refused'] as const)(
  'what surely did not happen may be tried again: %s',
  async (kind) => {
    const error = new VerbFailure(kind, 'no');
    await expect(ledger().once(request, sealer, () => Promise.reject(error))).rejects.toBe(error);
    expect(await ledger().once(request, sealer, effect)).toEqual({ count: 1 });
  },
);

test.each([
  ['said to be in doubt', new VerbFailure('in-doubt', 'no answer')],
  ['a fault that is no answer', new TypeError('oops')],
])('what may have happened is not tried again: %s', async (_, error) => {
  await expect(ledger().once(request, sealer, () => Promise.reject(error))).rejects.toMatchObject({ kind: 'in-doubt' });
  await expect(ledger().once(request, sealer, effect)).rejects.toMatchObject({ kind: 'in-doubt' });
  expect(done).toBe(0);
});

test('results lie sealed in the file', async () => {
  const db = openState(dir);
  await new EffectsLedger(db).once(request, sealer, async () => 'what mother said');
  db.close();
  expect(readFileSync(join(dir, 'worker.db')).includes('what mother said')).toBe(false);
});
