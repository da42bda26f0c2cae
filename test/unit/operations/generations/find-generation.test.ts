import { describe, expect, test } from 'vitest';
import type { HostGeneration } from '../../../../src/core/host-generations.ts';
import type { GenerationRecord, JobRecord } from '../../../../src/core/ports/registry.ts';
import { findGeneration, knownGenerations } from '../../../../src/operations/generations/find-generation.ts';
import { interruptedTarget } from '../../../../src/operations/generations/plan-rollback.ts';

const digest = (start: string): string => start.padEnd(64, '0');
const record = (number: number, start: string): GenerationRecord => ({
  ...{ tenant: 'smith', digest: digest(start), number, signed: '{}', outcome: 'committed', reason: null },
  ...{ createdAt: '', pinnedBy: null },
});
const onHost = (start: string, more: Partial<HostGeneration> = {}): HostGeneration => ({
  ...{ digest: digest(start), runtime: 'r@1', stagedAt: 'then', complete: true, current: false, lastProven: false },
  ...{ pinned: false, provenAt: null, stateFrom: null, failure: null, ...more },
});
const known = knownGenerations([record(1, 'aaaaaa'), record(2, 'bbbbbb11'), record(3, '123456')], {
  ...{ tenant: 'smith', keep: 3, current: digest('123456'), lastProven: digest('bbbbbb11') },
  generations: [onHost('123456', { current: true }), onHost('bbbbbb11', { lastProven: true }), onHost('bbbbbb22')],
});

describe('which generation somebody means', () => {
  test.each([
    { wanted: '1', found: 'aaaaaa' },
    { wanted: 'aaaaaa', found: 'aaaaaa' },
    { wanted: '123456', found: '123456' },
    { wanted: digest('bbbbbb22'), found: 'bbbbbb22' },
  ])('$wanted', ({ wanted, found }) => {
    expect(findGeneration('smith', known, wanted).digest).toBe(digest(found));
  });

  test.each(['9', 'cccccc', 'aaaa', '', '../1'])('"%s": an error that lists what is on the host', (wanted) => {
    expect(() => findGeneration('smith', known, wanted)).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        next: [
          'There is 2 (bbbbbb110000), last proven.',
          'There is 3 (123456000000), runs.',
          'There is bbbbbb220000.',
          'chp generation list smith',
        ],
      }),
    );
  });

  test('the beginning of two', () => {
    expect(() => findGeneration('smith', known, 'bbbbbb')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});

test('a rollback that was cut goes on to where it was going; one that ended is none', () => {
  const job = (kind: JobRecord['kind'], state: JobRecord['state'], startedAt: string): JobRecord => ({
    ...{ id: startedAt, tenant: 'smith', kind, state, actor: '', startedAt, endedAt: null, error: null },
    steps: ['facts', 'save', 'activate 4'].map((step) => ({ step, began: '', ended: null })),
  });
  expect(interruptedTarget([job('apply', 'done', '1'), job('rollback', 'interrupted', '2')])).toBe('4');
  expect(interruptedTarget([job('rollback', 'running', '2'), job('apply', 'done', '1')])).toBe('4');
  expect(interruptedTarget([job('rollback', 'done', '2')])).toBeNull();
  expect(interruptedTarget([job('rollback', 'interrupted', '1'), job('apply', 'done', '2')])).toBeNull();
  expect(interruptedTarget([])).toBeNull();
});
