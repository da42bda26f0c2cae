import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import type { GenerationFile, SignedGeneration } from '../../../../src/core/generation.ts';
import { tenantLayout } from '../../../../src/core/host-layout.ts';
import { stageGeneration } from '../../../../src/services/host-agent/stage.ts';
import { Store } from '../../../../src/services/host-agent/store.ts';

let root: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chp-stage-'));
  store = new Store(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const at = (generation: SignedGeneration, path: string) =>
  join(tenantLayout(root, 'smith').generations, generation.digest, path);
const inode = (generation: SignedGeneration, path: string) => statSync(at(generation, path)).ino;

/** A generation of these files (`path: text`, 0755 where the path ends in .sh), which the store has. */
async function generation(contents: Record<string, string>): Promise<SignedGeneration> {
  const files: GenerationFile[] = [];
  for (const [path, text] of Object.entries(contents)) {
    const digest = sha256(text);
    await store.receive({ blob: digest, kind: 'object', size: text.length }, bytes(text));
    files.push({ path, mode: path.endsWith('.sh') ? 0o755 : 0o644, sha256: digest, size: text.length });
  }
  const manifest = { tenant: 'smith', files } as unknown as SignedGeneration['manifest'];
  return { manifest, digest: sha256(JSON.stringify(files)), signature: '' };
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

test('what the previous generation has is linked, what is new or has another mode is written', async () => {
  const first = await generation({ 'a/one.txt': 'one', 'a/two.txt': 'two', 'b/run.txt': 'run' });
  await stageGeneration(root, first, store, null);
  const second = await generation({ 'a/one.txt': 'one', 'a/two.txt': 'changed', 'b/run.sh': 'run' });
  await stageGeneration(root, second, store, first);
  expect(inode(second, 'a/one.txt')).toBe(inode(first, 'a/one.txt'));
  expect(readFileSync(at(second, 'a/two.txt'), 'utf8')).toBe('changed');
  expect(readFileSync(at(first, 'a/two.txt'), 'utf8')).toBe('two');
  expect(statSync(at(second, 'b/run.sh')).mode & 0o777).toBe(0o755);
  expect(existsSync(at(second, 'b/run.txt'))).toBe(false);
});

test.each<[string, (path: string) => void]>([
  ['other content', (path) => writeFileSync(path, 'by hand')],
  ['another mode', (path) => writeModes(path)],
  ['a link in its place', (path) => swapForLink(path)],
  ['nothing at all', (path) => rmSync(path)],
])('%s in the previous generation does not come along', async (_, damage) => {
  const first = await generation({ 'one.txt': 'one' });
  await stageGeneration(root, first, store, null);
  damage(at(first, 'one.txt'));
  const second = await generation({ 'one.txt': 'one', 'two.txt': 'two' });
  await stageGeneration(root, second, store, first);
  expect(readFileSync(at(second, 'one.txt'), 'utf8')).toBe('one');
  expect(statSync(at(second, 'one.txt')).mode & 0o777).toBe(0o644);
  expect(statSync(at(second, 'one.txt')).nlink).toBe(1);
});

test('a damaged generation is replaced by itself', async () => {
  const only = await generation({ 'one.txt': 'one', 'two.txt': 'two' });
  await stageGeneration(root, only, store, null);
  writeFileSync(at(only, 'one.txt'), 'by hand');
  await stageGeneration(root, only, store, only);
  expect(readFileSync(at(only, 'one.txt'), 'utf8')).toBe('one');
  expect(readFileSync(at(only, 'two.txt'), 'utf8')).toBe('two');
});

function writeModes(path: string): void {
  rmSync(path);
  writeFileSync(path, 'one', { mode: 0o600 });
}

function swapForLink(path: string): void {
  rmSync(path);
  writeFileSync(join(root, 'elsewhere'), 'one', { mode: 0o644 });
  symlinkSync(join(root, 'elsewhere'), path);
}
