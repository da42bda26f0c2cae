import { expect, test } from 'vitest';
import { compareCensus } from '../../../../src/services/host-agent/census.ts';

const before = { sessions: 3, skills: ['household', 'old'] };

test('all is there', () => {
  expect(compareCensus(before, { sessions: 4, skills: ['household', 'old'] }, ['household', 'old'])).toEqual({
    verdict: 'pass',
    detail: '4 sessions, 2 skills',
  });
});

test('a session that is gone is a failure', () => {
  const seen = compareCensus(before, { sessions: 2, skills: before.skills }, before.skills);
  expect(seen).toEqual({ verdict: 'fail', detail: '3 sessions before, 2 now' });
});

test('a skill that is meant and was eligible must still be; one that is not meant any more need not', () => {
  expect(compareCensus(before, { sessions: 3, skills: ['household'] }, ['household']).verdict).toBe('pass');
  expect(compareCensus(before, { sessions: 3, skills: [] }, ['household']).detail).toContain('household');
});
