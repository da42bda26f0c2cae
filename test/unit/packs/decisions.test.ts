import { expect, it } from 'vitest';
import { compilePack } from '../../../src/packs/compile.ts';
import type { Decision, VerbCall } from '../../../src/packs/interpret/ports.ts';
import { runPack } from '../../../src/packs/interpret/run.ts';
import type { PackDocument } from '../../../src/packs/schema.ts';

const pack = compilePack(
  {
    schema: 1,
    id: 'case',
    version: '1.0.0',
    description: 'One case of the table.',
    authors: ['chp'],
    licence: 'Apache-2.0',
    triggers: [{ manual: true }],
    steps: [
      { id: 'ask', uses: 'approve', with: { summary: 'Go?', approvers: ['ana', 'ben'], quorum: 2, expires: '10m' } },
    ],
  } as unknown as PackDocument,
  new Map(),
);
const begin = Date.parse('2026-01-15T08:00:00Z');
const says = (by: string, verdict: Decision['verdict'], minutes: number, envelope = 'r/ask'): Decision => ({
  envelope,
  by,
  verdict,
  at: new Date(begin + minutes * 60_000).toISOString(),
});

it.each([
  ['two yes in time', [says('ana', 'approve', 1), says('ben', 'approve', 9)], 'approved'],
  ['the second too late', [says('ana', 'approve', 1), says('ben', 'approve', 11)], 'expired'],
  ['a no too late', [says('ana', 'approve', 1), says('ben', 'deny', 11)], 'expired'],
  ['the same person twice', [says('ana', 'approve', 1), says('ana', 'approve', 2)], 'expired'],
  ['a change of mind', [says('ana', 'approve', 1), says('ana', 'deny', 2), says('ben', 'approve', 3)], 'approved'],
  ['somebody who was not asked', [says('ana', 'approve', 1), says('cleo', 'deny', 2)], 'expired'],
  ['an answer to another question', [says('ana', 'approve', 1), says('ben', 'approve', 2, 'r/other')], 'expired'],
  ['a no after the quorum', [says('ana', 'approve', 1), says('ben', 'approve', 2), says('ben', 'deny', 3)], 'approved'],
])('%s', async (_, decisions, state) => {
  const calls: VerbCall[] = [];
  const member = (id: string) => ({ id, name: id, role: 'Adult' });
  const result = await runPack(
    {
      tenant: { name: 't', timezone: 'UTC', members: [member('ana'), member('ben'), member('cleo')] },
      pack,
      inputs: {},
      trigger: { kind: 'manual', by: 'ana', payload: null },
    },
    {
      run: 'r',
      now: () => begin,
      sleep: async () => {},
      act: async (call) => calls.push(call),
      decisions: async (_envelope, deadline, enough) => {
        expect(deadline).toBe(begin + 600_000);
        expect(enough(decisions)).toBe(state !== 'expired');
        return decisions;
      },
      runPack: async () => {
        throw new Error('no other pack');
      },
    },
  );
  expect(calls.at(-1)?.with.state).toBe(state);
  expect(result.status).toBe(state === 'approved' ? 'success' : 'blocked');
});
