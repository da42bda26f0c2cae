import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Restic } from '../../../src/services/host-agent/backup/restic.ts';
import { RESTIC } from '../../support/restic.ts';

/** The real restic, on a folder. */
const dir = mkdtempSync(join(tmpdir(), 'chp-restic-'));
const repository = join(dir, 'repository');
const source = join(dir, 'source');
const restic = new Restic(repository, 'the key');
const tags = { generation: 'a'.repeat(64), runtime: 'clawdbot@1' };
const create = () => restic.create(source, tags);

beforeAll(() => {
  mkdirSync(join(source, 'state'), { recursive: true });
  writeFileSync(join(source, 'state', 'said.jsonl'), 'canary-said-by-ana '.repeat(5_000));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('before there is a repository, there is no backup', async () => {
  expect(await restic.list()).toEqual([]);
  await expect(restic.find(null)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'there is no backup yet' });
});

test('what is backed up comes back; what is the same is not stored again; nothing is readable', async () => {
  await restic.prepare();
  const first = await create();
  expect(first).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{8}$/), files: 1 });
  const second = await create();
  expect(second.addedBytes).toBeLessThan(first.addedBytes / 2);
  await restic.prepare();
  expect(await restic.list()).toMatchObject([
    { id: first.id, ...tags, at: expect.stringMatching(/^\d{4}-.*Z$/) },
    { id: second.id },
  ]);
  expect((await restic.find(first.id.slice(0, 5))).id).toBe(first.id);
  await expect(restic.find('ffff')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    next: [expect.stringContaining(first.id), expect.any(String)],
  });
  await restic.restore(first.id, join(dir, 'back'));
  expect(readFileSync(join(dir, 'back', 'state', 'said.jsonl'))).toEqual(
    readFileSync(join(source, 'state', 'said.jsonl')),
  );
  for (const entry of readdirSync(repository, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      expect(readFileSync(join(entry.parentPath, entry.name), 'latin1')).not.toMatch(/canary|the key/);
});

test('one that was killed leaves a lock: it is no reason to stop', async () => {
  execFileSync('sh', [
    '-c',
    `cd "$1" && printf 'the key' | timeout -s KILL 0.6 ${RESTIC} --repo "$2" --no-cache backup --host chp . || true`,
    'sh',
    source,
    repository,
  ]);
  await create();
  expect((await restic.forget({ last: 1, daily: 0, weekly: 0 })) > 0).toBe(true);
  expect(await restic.list()).toHaveLength(1);
});

test('another key is said so; a damaged byte is found', async () => {
  await expect(new Restic(repository, 'another').prepare()).rejects.toMatchObject({
    code: 'INTEGRITY',
    message: expect.stringContaining('another key'),
  });
  await restic.verify();
  const [pack] = readdirSync(join(repository, 'data'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const path = join(pack?.parentPath ?? '', pack?.name ?? '');
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
  await expect(restic.verify()).rejects.toMatchObject({ code: 'INTEGRITY' });
});
