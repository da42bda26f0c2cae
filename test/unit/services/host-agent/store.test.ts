import { randomBytes } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import { scanTree, writeTreeArchive } from '../../../../src/core/tree-archive.ts';
import { Store } from '../../../../src/services/host-agent/store.ts';

let root: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chp-store-'));
  store = new Store(root);
});
afterEach(() => rmSync(root, { recursive: true }));

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
const files = () =>
  readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

test('an object appears under its digest only when every byte was right', async () => {
  const blob = sha256('hello world');
  await store.receive({ blob, kind: 'object', size: 11 }, pieces('hello ', 'world'));
  expect(String(await store.read(blob))).toBe('hello world');
  const other = sha256('other');
  await expect(store.receive({ blob: other, kind: 'object', size: 5 }, pieces('wrong'))).rejects.toMatchObject({
    code: 'INTEGRITY',
  });
  expect(files()).toEqual([blob]);
});

test('a push that is cut leaves nothing', async () => {
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('cut');
  };
  await expect(store.receive({ blob: sha256('half of it'), kind: 'object', size: 10 }, cut())).rejects.toThrow('cut');
  await expect(store.receive({ blob: 'c'.repeat(64), kind: 'tree', size: 10 }, cut())).rejects.toThrow('cut');
  expect(files()).toEqual([]);
});

test('an object that rotted is told, and taken out so that it is sent again', async () => {
  const blob = sha256('good');
  await store.receive({ blob, kind: 'object', size: 4 }, pieces('good'));
  writeFileSync(store.object(blob), 'evil');
  await expect(store.read(blob)).rejects.toMatchObject({ code: 'INTEGRITY' });
  expect(existsSync(store.object(blob))).toBe(false);
});

test('an archive that is no tree is refused and leaves nothing', async () => {
  await expect(store.receive({ blob: 'd'.repeat(64), kind: 'tree', size: 7 }, pieces('garbage'))).rejects.toMatchObject(
    { code: 'INTEGRITY' },
  );
  expect(files()).toEqual([]);
});

test('what is wrong with a tree is told although most of it was still to come', async () => {
  const source = join(root, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'large'), randomBytes(8 * 1024 * 1024));
  const archive = join(root, 'archive');
  await writeTreeArchive(source, await scanTree(source), archive);
  const blob = { blob: 'e'.repeat(64), kind: 'tree', size: statSync(archive).size } as const;
  await expect(store.receive(blob, createReadStream(archive))).rejects.toMatchObject({ code: 'INTEGRITY' });
});

test('prune keeps what is referred to', async () => {
  const [a, b] = [sha256('a'), sha256('b')];
  await store.receive({ blob: a, kind: 'object', size: 1 }, pieces('a'));
  await store.receive({ blob: b, kind: 'object', size: 1 }, pieces('b'));
  await store.prune({ objects: new Set([a]), trees: new Set() });
  expect(files()).toEqual([a]);
});
