import { describe, expect, test } from 'vitest';
import { releaseNotes } from '../../../src/core/release-notes.ts';
import { downtimeOf, roomChecks, roomNeeded } from '../../../src/core/upgrade.ts';

const MB = 1024 * 1024;
const [here, lacking] = ['a'.repeat(64), 'b'.repeat(64)];
const room = { stateBytes: 10 * MB, freeBytes: 1000 * MB, memoryAvailableMb: 2000, lacks: [lacking] };
const trees = [
  { digest: here, size: 400 * MB },
  { digest: lacking, size: 200 * MB },
];

describe('room', () => {
  test('only trees that are not there count; the state twice where the runtime changes', () => {
    expect(roomNeeded(room, trees, false)).toBe(500 * MB);
    expect(roomNeeded(room, trees, true)).toBe(520 * MB);
  });

  test('too little of the disk is a failure with a fix, too little memory a warning', () => {
    const [disk, memory] = roomChecks({ ...room, memoryAvailableMb: 900 }, 2000 * MB, true);
    expect(disk).toMatchObject({ verdict: 'fail', detail: '1000 MB free, 2000 MB needed', fix: expect.any(String) });
    expect(memory).toMatchObject({ verdict: 'warn', detail: expect.stringContaining('away longer') });
    expect(roomChecks(room, 500 * MB, false).map(({ id, verdict }) => [id, verdict])).toEqual([['host.disk', 'pass']]);
  });
});

test.each([
  [{ restartsGateway: false, changesRuntime: false, coldStartS: 3, migrationS: 0, stateBytes: 0 }, 0],
  [{ restartsGateway: true, changesRuntime: false, coldStartS: 3, migrationS: 0, stateBytes: 900 * MB }, 3],
  [{ restartsGateway: true, changesRuntime: true, coldStartS: 3, migrationS: 0, stateBytes: 300 * MB }, 6],
  [{ restartsGateway: true, changesRuntime: true, coldStartS: 7, migrationS: 15, stateBytes: 0 }, 23],
])('downtime of %o is about %i s', (of, expected) => {
  expect(downtimeOf(of).expectedS).toBe(expected);
});

describe('release notes', () => {
  const changelog = [
    '# Changelog\n\nIntro.\n',
    '## [2026.3.0] - 2026-03-01\n\n- three\n',
    '## 2026.2.0\n\n- two\n\n### Fixes\n- fix\n',
    '## 2026.1.0-3\n\n- one, again\n',
    '## 2026.1.0\n\n- one\n',
  ].join('\n');

  test('those after the one that runs, up to the one that is meant', () => {
    expect(releaseNotes(changelog, '2026.1.0-3', '2026.3.0').filter((line) => line.startsWith('- '))).toEqual([
      '- three',
      '- two',
      '- fix',
    ]);
  });
  test('of the one that is meant alone, where nothing is known of the other', () => {
    expect(releaseNotes(changelog, null, '2026.2.0').filter((line) => line.startsWith('- '))).toEqual([
      '- two',
      '- fix',
    ]);
    expect(releaseNotes(changelog, '1999.1.1', '2026.2.0')[0]).toBe('## 2026.2.0');
  });
  test('a build is described with its release; one that is not described has none', () => {
    expect(releaseNotes(changelog, null, '2026.2.0-4')[0]).toBe('## 2026.2.0');
    expect(releaseNotes(changelog, null, '2027.1.1')).toEqual([]);
  });
  test('very long ones are cut, and it is said', () => {
    const long = `## 1.0.0\n${'- x\n'.repeat(1000)}`;
    const notes = releaseNotes(long, null, '1.0.0');
    expect(notes).toHaveLength(201);
    expect(notes.at(-1)).toBe('… 801 more lines');
  });
});
