import { expect, test } from 'vitest';
import { playFixtures } from '../../../src/adapters/worker/play.ts';
import { chpHome } from '../../../src/core/home.ts';
import type { Fixture } from '../../../src/packs/fixture.ts';
import { runFixture } from '../../../src/packs/fixture-run.ts';
import { recordedProgress } from '../../support/progress.ts';
import { TEST_CACHE } from '../../support/runtime-bundle.ts';
import { pack, tell } from './packs.ts';

const home = chpHome({ CHP_HOME: TEST_CACHE, CHP_CACHE: TEST_CACHE });
const subject = pack(
  [
    { id: 'ask', uses: 'agent.ask', with: { prompt: 'What is up?' } },
    {
      id: 'both',
      parallel: [
        [
          { id: 'nap', wait: { for: '3d' } },
          { id: 'late', ...tell('after days') },
        ],
        [
          { id: 'sure', uses: 'approve', with: { summary: 'Do it?', approvers: 'ana', expires: '2h' } },
          { id: 'early', ...tell('approved') },
        ],
      ],
    },
  ],
  { outputs: { said: '${{ steps.ask.output.text }}' } },
);
const recorded: Record<string, Fixture> = {
  good: {
    description: 'All goes well.',
    answers: [{ verb: 'agent.ask', result: 'all is well' }],
    decisions: [{ step: 'sure', by: 'ana', verdict: 'approve', after: '1h' }],
    expect: {
      status: 'success',
      outputs: { said: 'all is well' },
      calls: [{ verb: 'envelope.open' }, { step: 'early' }, { step: 'late' }],
    },
  },
  'too-late': {
    description: 'Nobody says yes in time.',
    answers: [{ verb: 'agent.ask', result: 'all is well' }],
    decisions: [{ step: 'sure', by: 'ana', verdict: 'approve', after: '3h' }],
    expect: { status: 'blocked', never: [{ step: 'early' }] },
  },
  'model-down': {
    description: 'The model is down.',
    answers: [{ verb: 'agent.ask', failure: { kind: 'unavailable', message: 'no model' } }],
    expect: { status: 'blocked', reason: 'no model' },
  },
  wrong: { description: 'Expects what does not happen.', answers: [], expect: { status: 'success' } },
};
const fixtures = new Map(Object.entries(recorded));

test('fixtures go on Temporal as they go on the interpreter alone, days in a moment', async () => {
  const signal = new AbortController().signal;
  const request = { home, env: process.env, progress: recordedProgress(), signal };
  const played = await playFixtures(subject, fixtures, request);
  expect(played.map(({ name }) => name)).toEqual(['good', 'model-down', 'too-late', 'wrong']);
  for (const { name, problems, result } of played) {
    const alone = await runFixture(subject, fixtures.get(name) as Fixture);
    expect({ name, problems, result }).toEqual({ name, problems: alone.problems, result: alone.result });
  }
  expect(played.filter(({ problems }) => problems.length > 0).map(({ name }) => name)).toEqual(['wrong']);
});
