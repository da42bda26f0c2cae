import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nextWithin } from '../../../../src/services/host-agent/next-within.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what comes in time', async () => {
  const items = (async function* () {
    yield 1;
  })();
  expect(await nextWithin(items, 60_000)).toEqual({ done: false, value: 1 });
  expect(await nextWithin(items, 60_000)).toEqual({ done: true, value: undefined });
  expect(vi.getTimerCount()).toBe(0);
});

test('what does not: given up, and its own later failure is nobody’s', async () => {
  const { promise, reject } = Promise.withResolvers<IteratorResult<number>>();
  const late = expect(nextWithin({ next: () => promise }, 60_000)).rejects.toMatchObject({
    code: 'DEADLINE',
    message: expect.stringContaining('60 s'),
  });
  await vi.advanceTimersByTimeAsync(60_000);
  await late;
  reject(new Error('cut'));
});
