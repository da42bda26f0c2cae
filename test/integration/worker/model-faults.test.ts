import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PackStep } from '../../../src/packs/schema.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startModel, type TestModel } from '../../support/model.ts';
import { pack, tell } from './packs.ts';
import { startWorld, type World } from './world.ts';

const asking = (id: string, timeout: string) => {
  const ask: PackStep = {
    id: 'ask',
    uses: 'agent.ask',
    timeout,
    retry: { attempts: 1 },
    with: {
      prompt: 'How is Rosa?',
      schema: { type: 'object', required: ['mood'], properties: { mood: { type: 'string', enum: ['good', 'bad'] } } },
    },
  };
  return pack([ask, { id: 'after', ...tell('${{ steps.ask.output.mood }}') }], { id });
};

let dir = '';
let model: TestModel;
let gateway: TestGateway;
let world: World;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chp-model-'));
  model = await startModel(() => ({ say: 'hello' }));
  gateway = await startGateway(dir, model);
  world = await startWorld((connectors) => [
    {
      connectors,
      gateway: { port: gateway.port, tokenSecret: 'CHP_GATEWAY_TOKEN', agent: 'main' },
      compiled: [asking('asking', '60s'), asking('hasty', '4s')].map((each) => ({ pack: each })),
    },
  ]);
  await world.worker.start();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await gateway?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  model.requests.length = 0;
});

const runToEnd = async (name: string) => {
  const { result } = await world.worker.call('run', { pack: name, by: 'ana', wait: true });
  return result;
};

test('rubbish is asked for again in the same conversation, with what is wrong; a good answer goes on', async () => {
  const answers = ['I would say good.', '{"mood": "so-so"}', 'Well: {"mood": "good"}'];
  model.answer = (_, count) => ({ say: answers[count - 1] ?? '' });
  expect(await runToEnd('asking')).toMatchObject({ status: 'success', steps: [{ path: 'ask' }, { path: 'after' }] });
  expect(model.requests).toHaveLength(3);
  expect(model.requests[1]?.text).toContain('I would say good.');
  expect(model.requests[2]?.text).toMatch(/can’t be used: .*mood/);
});

test('rubbish for ever ends as needs-info, and nothing is said', async () => {
  model.answer = () => ({ say: 'no idea' });
  expect(await runToEnd('asking')).toMatchObject({
    status: 'needs-info',
    reason: expect.stringContaining('stayed invalid after 3 asks'),
    steps: [{ path: 'ask', status: 'failed' }],
  });
});

test.each([
  // The gateway tries again by itself before it gives up.
  ['fails with 500', 'asking', { status: 500 } as const, /the model failed/],
  ['never answers', 'hasty', 'hang' as const, /did not (answer|end)/],
])('a model that %s ends the run with that reason, and the next run is well', async (_, name, answer, reason) => {
  model.answer = () => answer;
  expect(await runToEnd(name)).toMatchObject({ status: 'blocked', reason: expect.stringMatching(reason) });
  model.answer = () => ({ say: '{"mood": "bad"}' });
  expect(await runToEnd(name)).toMatchObject({ status: 'success' });
});
