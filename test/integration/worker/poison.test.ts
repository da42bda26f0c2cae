import { afterAll, beforeAll, expect, test } from 'vitest';
import { pack, tell } from './packs.ts';
import { startWorld, type World } from './world.ts';

const numbers = Array.from({ length: 1000 }, (_, index) => index);
/** Each of its steps is within every limit; one after the other they hold a workflow thread far too long. */
const poison = pack(
  [
    { id: 'n', uses: 'set', with: { l: numbers, rounds: numbers.slice(0, 100) } },
    {
      id: 'burn',
      'for-each': 'steps.n.output.rounds',
      steps: Array.from({ length: 8 }, (_, index) => ({
        id: `burn${index}`,
        uses: 'set',
        with: { found: `\${{ ${Array(20).fill('steps.n.output.l.exists(a, a * a < item - 200)').join(' || ')} }}` },
      })),
    },
  ],
  { id: 'poison' },
);
const plain = pack([{ id: 'tell', ...tell('hello') }], { id: 'plain' });

let world: World;
beforeAll(async () => {
  world = await startWorld((connectors) => [{ connectors, compiled: [poison, plain].map((each) => ({ pack: each })) }]);
  await world.worker.start();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const runToEnd = async (name: string) => (await world.worker.call('run', { pack: name, by: 'ana', wait: true })).result;

test('packs that compute without end are ended, and others go on meanwhile', async () => {
  const start = async () => (await world.worker.call('run', { pack: 'poison', by: 'ana' })).run as string;
  const burning = await Promise.all([start(), start(), start()]);
  for (let other = 0; other < 5; other++) {
    const began = Date.now();
    expect(await runToEnd('plain')).toMatchObject({ status: 'success' });
    expect(Date.now() - began).toBeLessThan(10_000);
  }
  for (const run of burning)
    await expect
      .poll(() => world.worker.call('describe', { run }))
      .toMatchObject({ status: 'blocked', reason: expect.stringContaining('computes without end') });
  expect(world.worker.log.filter(({ event }) => event === 'worker-failed')).toEqual([]);
});
