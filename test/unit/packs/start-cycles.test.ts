import { expect, it } from 'vitest';
import type { PackRecord } from '../../../src/core/ports/registry.ts';
import { assertNoCycle } from '../../../src/operations/packs/fitness.ts';

const pack = (id: string, ...starts: string[]) => {
  const steps = starts.map((other) => ({ id: `run-${other}`, uses: 'pack.run', with: { pack: other } }));
  return { id, compiled: JSON.stringify({ id, triggers: [], steps }) } as PackRecord;
};

it.each([
  ['itself', [pack('a', 'a')], 'a → a'],
  ['each other', [pack('a', 'b'), pack('b', 'a')], 'a → b → a'],
  [
    'by way of others, not from the first',
    [pack('x', 'a'), pack('a', 'b'), pack('b', 'c'), pack('c', 'a')],
    'a → b → c → a',
  ],
])('packs that start %s can’t be installed together', (_, packs, way) => {
  expect(() => assertNoCycle(packs)).toThrow(`the packs ${way} start each other`);
});

it('a pack that two start, and one that is not there, is no cycle', () => {
  assertNoCycle([pack('a', 'c'), pack('b', 'c', 'a'), pack('c', 'not-there')]);
});
