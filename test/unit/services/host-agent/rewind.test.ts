import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tenantLayout } from '../../../../src/core/host-layout.ts';
import { lostHistory, rewindState } from '../../../../src/services/host-agent/rewind.ts';
import { hasStateSnapshot, restoreSnapshot, takeSnapshot } from '../../../../src/services/host-agent/snapshot.ts';

let root: string;
let layout: ReturnType<typeof tenantLayout>;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chp-rewind-'));
  layout = tenantLayout(root, 'demo');
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const transcript = (messages: number) =>
  ['{"type":"session","id":"x"}', ...Array(messages).fill('{"type":"message","id":"y"}'), ''].join('\n');
const session = (dir: string, name: string, messages: number) =>
  put(join(dir, `agents/main/sessions/${name}.jsonl`), transcript(messages));

describe('what history is lost', () => {
  const [now, then] = [() => join(root, 'now'), () => join(root, 'then')];

  test('new sessions, and new messages of old ones', () => {
    session(then(), 'old', 2);
    session(now(), 'old', 5);
    session(now(), 'new', 4);
    session(now(), 'empty', 0);
    expect(lostHistory(now(), then())).toEqual({ sessions: 1, messages: 7 });
  });

  test('what is gone since is not lost by going back', () => {
    session(then(), 'old', 2);
    session(now(), 'other', 0);
    expect(lostHistory(now(), then())).toEqual({ sessions: 0, messages: 0 });
  });

  test('in a form that can’t be counted: it is not said to be nothing', () => {
    session(then(), 'old', 2);
    put(join(now(), 'agents/main/sessions/sessions.sqlite'), '');
    expect(lostHistory(now(), then())).toBeNull();
  });
});

test('state and workspace go back, what stands for others does not; and all of it can be put back', async () => {
  const write = (words: string) => {
    put(layout.config, words);
    put(join(layout.state, 'agents/main/sessions/sessions.json'), words);
    put(join(layout.state, 'credentials/whatsapp/default/creds.json'), words);
    put(join(layout.home, 'workspace/MEMORY.md'), words);
  };
  const read = () =>
    [
      join(layout.state, 'agents/main/sessions/sessions.json'),
      join(layout.home, 'workspace/MEMORY.md'),
      join(layout.state, 'credentials/whatsapp/default/creds.json'),
    ].map((path) => readFileSync(path, 'utf8'));
  write('old');
  await takeSnapshot(root, 'demo', 'newer', true);
  write('new');
  put(join(layout.state, 'telegram/update-offset-default.json'), 'new');
  await takeSnapshot(root, 'demo', 'older', true);

  await rewindState(root, 'demo', 'newer', 'older');
  expect(read()).toEqual(['old', 'old', 'new']);
  expect(readFileSync(join(layout.state, 'telegram/update-offset-default.json'), 'utf8')).toBe('new');

  await restoreSnapshot(root, 'demo', 'older');
  expect(read()).toEqual(['new', 'new', 'new']);
});

test('a half-written snapshot is none, and the next one replaces it', async () => {
  put(join(layout.snapshots, 'next.new/state/half'), '');
  put(join(layout.state, 'kept'), 'kept');
  expect(hasStateSnapshot(root, 'demo', 'next')).toBe(false);
  await restoreSnapshot(root, 'demo', 'next');
  expect(readFileSync(join(layout.state, 'kept'), 'utf8')).toBe('kept');
  await takeSnapshot(root, 'demo', 'next', true);
  expect(existsSync(join(layout.snapshots, 'next/state/half'))).toBe(false);
  expect(existsSync(join(layout.snapshots, 'next.new'))).toBe(false);
});
