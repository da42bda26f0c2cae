import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test, vi } from 'vitest';
import { GroupCommit } from '../../../src/core/group-commit.ts';

let path = '';
let db: DatabaseSync;
let commits: GroupCommit;
const insert = (id: number) => () => db.prepare('INSERT INTO t VALUES (?)').run(id).changes;
/** What another process would find. */
const kept = () => {
  const other = new DatabaseSync(path);
  const ids = other
    .prepare('SELECT id FROM t ORDER BY id')
    .all()
    .map(({ id }) => id);
  other.close();
  return ids;
};

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'chp-group-')), 'some.db');
  db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT');
  commits = new GroupCommit(db);
});

test('those of one turn share a commit, and each is kept when it resolves', async () => {
  const exec = vi.spyOn(db, 'exec');
  const writes = [1, 2, 3].map((id) => commits.run(insert(id)));
  expect(kept()).toEqual([]);
  expect(await writes[0]).toBe(1);
  expect(kept()).toEqual([1, 2, 3]);
  await Promise.all(writes);
  await commits.run(insert(4));
  expect(kept()).toEqual([1, 2, 3, 4]);
  expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(2);
});

test('one that fails does not take the others with it', async () => {
  const ended = await Promise.allSettled([1, 1, 2].map((id) => commits.run(insert(id))));
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(kept()).toEqual([1, 2]);
});

test('a commit that fails fails for all of them, and the next one is none the worse', async () => {
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const ended = await Promise.allSettled([1, 2].map((id) => commits.run(insert(id))));
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  other.exec('ROLLBACK');
  expect(await commits.run(insert(3))).toBe(1);
  expect(kept()).toEqual([3]);
});

test('what waits when the database is closed is kept', async () => {
  const write = commits.run(insert(1));
  commits.flush();
  db.close();
  expect(await write).toBe(1);
  expect(kept()).toEqual([1]);
});
