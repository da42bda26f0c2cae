import { packagePath } from '../../src/core/package-root.ts';
import type { CompiledPack } from '../../src/packs/compiled.ts';
import { lintPack } from '../../src/packs/lint/lint.ts';
import { readPackFolder } from '../../src/packs/load.ts';
import { pack, sms, tell } from '../integration/worker/packs.ts';
import type { World } from '../integration/worker/world.ts';
import type { TestModel } from './model.ts';

/** What a recording works with. */
export interface Stage extends World {
  model: TestModel;
  /** Starts a run. @returns its id */
  start(pack: string, inputs?: Record<string, unknown>): Promise<string>;
  /** Waits for its end. @throws Error when that is another one */
  ended(run: string, status: string): Promise<void>;
  /** Answers the run's question as soon as it is asked. */
  answer(run: string, by: string, verdict: string): Promise<void>;
}

/** One run that is worth keeping: what is installed, and what happens. */
export interface Shape {
  packs: CompiledPack[];
  /** @returns the run whose history is kept, at the moment it returns */
  play(stage: Stage): Promise<string>;
}

const get = (device: string) => ({
  uses: 'connector.call',
  with: { connector: 'home-assistant', operation: 'get-state', args: { device } },
});
const home = { requires: { connectors: ['home-assistant'] } };
const DOOR = { expires: '1h', relock: '1s' };

const brief = await shipped('morning-brief');
const door = await shipped('unlock-door');

const toEnd = (id: string, status: string, inputs?: Record<string, unknown>) => async (stage: Stage) => {
  const run = await stage.start(id, inputs);
  await stage.ended(run, status);
  return run;
};

export const SHAPES: Record<string, Shape> = {
  'morning-brief': {
    packs: [brief],
    play: toEnd('morning-brief', 'success', { readers: ['ana', 'ben'], calendar: 'family@example.com' }),
  },
  'approval-approved': {
    packs: [door],
    async play(stage) {
      const run = await stage.start('unlock-door', { ...DOOR, quorum: 2 });
      await stage.answer(run, 'ana', 'approve');
      await stage.answer(run, 'ben', 'approve');
      await stage.ended(run, 'success');
      return run;
    },
  },
  'approval-denied': {
    packs: [door],
    async play(stage) {
      const run = await stage.start('unlock-door', DOOR);
      await stage.answer(run, 'ben', 'deny');
      await stage.ended(run, 'blocked');
      return run;
    },
  },
  'approval-expired': { packs: [door], play: toEnd('unlock-door', 'blocked', { ...DOOR, expires: '1s' }) },
  'approval-open': {
    packs: [door],
    async play(stage) {
      const run = await stage.start('unlock-door', { ...DOOR, quorum: 2 });
      await stage.answer(run, 'ana', 'approve');
      return run;
    },
  },
  'escalation-second-rung': {
    packs: [
      pack(
        [
          {
            id: 'help',
            uses: 'escalate',
            with: {
              summary: 'Who helps?',
              rungs: [
                { to: 'ana', wait: '2s' },
                { to: 'ben', wait: '1h' },
              ],
            },
          },
          { id: 'thank', ...tell('${{ steps.help.output.by }} helps') },
        ],
        { id: 'help' },
      ),
    ],
    async play(stage) {
      const run = await stage.start('help');
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      await stage.answer(run, 'ben', 'acknowledge');
      await stage.ended(run, 'success');
      return run;
    },
  },
  'loops-and-branches': {
    packs: [
      pack(
        [
          { id: 'each', 'for-each': '${{ members }}', ...tell('Hello, ${{ item.name }}', '${{ item.id }}') },
          { id: 'skipped', if: '${{ size(steps.each.output) > 5 }}', ...tell('never') },
          {
            id: 'both',
            parallel: [
              [
                { id: 'nap', wait: { for: '1s' } },
                { id: 'late', ...tell('late') },
              ],
              [
                { id: 'state', ...get('lock.front_door') },
                { id: 'early', ...tell('it is ${{ steps.state.output.state }}', 'ben') },
              ],
            ],
          },
        ],
        { id: 'branches', ...home },
      ),
    ],
    play: toEnd('branches', 'success'),
  },
  retries: {
    packs: [
      pack(
        [
          { id: 'third_time', ...get('lock.front_door'), retry: { attempts: 3, delay: '1s' } },
          {
            id: 'never',
            ...get('lock.cellar'),
            retry: { attempts: 2, delay: '1s' },
            'on-failure': { outcome: 'continue', steps: [{ id: 'say', ...tell('${{ failure.message }}') }] },
          },
          { id: 'after', ...tell('it went on') },
        ],
        { id: 'retries', ...home },
      ),
    ],
    play: (stage) => {
      stage.home.fail({ match: /states\/lock\.front_door/, status: 503, times: 2 });
      stage.home.fail({ match: /states\/lock\.cellar/, status: 503, times: 2 });
      return toEnd('retries', 'success')(stage);
    },
  },
  'agent-asked-again': {
    packs: [
      pack(
        [
          {
            id: 'ask',
            uses: 'agent.ask',
            with: {
              prompt: 'How many?',
              schema: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] },
            },
          },
        ],
        { id: 'asks' },
      ),
    ],
    play: (stage) => {
      let asked = 0;
      stage.model.answer = () => ({ say: asked++ === 0 ? 'Many.' : '{"count": 3}' });
      return toEnd('asks', 'success')(stage);
    },
  },
  wait: {
    packs: [
      pack(
        [
          { id: 'nap', wait: { for: '2s' } },
          { id: 'said', ...tell('awake') },
        ],
        { id: 'nap' },
      ),
    ],
    play: toEnd('nap', 'success'),
  },
  cancelled: {
    packs: [pack([{ id: 'nap', wait: { for: '1h' } }], { id: 'sleep' })],
    async play(stage) {
      const run = await stage.start('sleep');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await stage.worker.call('cancel', { run, by: 'ana' });
      await stage.ended(run, 'manual-override');
      return run;
    },
  },
  'child-parent': { packs: family(), play: toEnd('outer', 'success') },
  'child-itself': {
    packs: family(),
    async play(stage) {
      const [, , start] = (await toEnd('outer', 'success')(stage)).split('/');
      return `smith/inner/${start}+outer.inner`;
    },
  },
};

function family(): CompiledPack[] {
  const inner = pack([{ id: 'sms', ...sms('hello') }], { id: 'inner', outputs: { sent: true } });
  const call = { id: 'inner', uses: 'pack.run', with: { pack: 'inner' } };
  return [inner, pack([call, { id: 'after', ...tell('done') }], { id: 'outer', requires: { packs: ['inner'] } })];
}

async function shipped(id: string): Promise<CompiledPack> {
  const { pack: compiled } = lintPack(await readPackFolder(packagePath('workflow-packs', id)));
  if (!compiled) throw new Error(`${id} has errors`);
  return compiled;
}
