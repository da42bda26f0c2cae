import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPackFolder } from '../../../src/packs/load.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pack-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('reads texts below the folder, and refuses what can’t be in a pack', async () => {
  for (const folder of ['prompts', 'fixtures', 'node_modules/x', '.git'])
    mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'pack.yaml'), 'id: x\n');
  writeFileSync(join(dir, 'prompts/a.md'), 'Grüße');
  writeFileSync(join(dir, 'prompts/b.md'), Buffer.from([0xff, 0xfe, 0x00]));
  writeFileSync(join(dir, 'run.sh'), 'rm -rf /');
  writeFileSync(join(dir, 'node_modules/x/index.js'), '');
  writeFileSync(join(dir, '.git/config'), '');
  symlinkSync('/etc/passwd', join(dir, 'prompts/c.md'));
  const { files, refused } = await readPackFolder(dir);
  expect([...files]).toEqual([
    ['pack.yaml', 'id: x\n'],
    ['prompts/a.md', 'Grüße'],
  ]);
  expect([...refused.keys()].sort()).toEqual(['node_modules/x/index.js', 'prompts/b.md', 'prompts/c.md', 'run.sh']);
  expect(refused.get('prompts/c.md')).toBe('it is no plain file');
});

it('stops at the caps', async () => {
  mkdirSync(join(dir, 'prompts'));
  writeFileSync(join(dir, 'pack.yaml'), 'id: x\n');
  writeFileSync(join(dir, 'prompts/a.md'), Buffer.alloc(4 * 1024 * 1024, 'x'));
  const { files, refused } = await readPackFolder(dir);
  expect([...files.keys()]).toEqual(['pack.yaml']);
  expect(refused.get('prompts/a.md')).toContain('4 MiB');
});

it('says how to begin where there is no pack', async () => {
  await expect(readPackFolder(dir)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    next: [expect.stringContaining('chp pack init')],
  });
});
