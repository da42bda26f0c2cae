import { copyFile, link, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readRecord, writeRecord } from '../../src/adapters/runtimes/bundle-cache.ts';
import { bundleDigest } from '../../src/adapters/runtimes/bundle-record.ts';
import { archiveName, packTree } from '../../src/adapters/trees/stored-tree.ts';
import { recordedProgress } from '../../test/support/progress.ts';
import { TEST_CACHE, testBundle } from '../../test/support/runtime-bundle.ts';

const ENTRY = new URL('entry.js', import.meta.url);

/** A CHP_CACHE whose runtime has the real node, and the stand-in where the gateway would be. */
export async function standInCache(): Promise<string> {
  const real = await testBundle();
  const from = dirname(real.app.archive);
  const cache = await mkdtemp(join(tmpdir(), 'chp-bench-cache-'));
  const dir = join(cache, 'bundles', basename(from));
  const app = join(cache, 'app', 'node_modules', 'clawdbot');
  await mkdir(join(app, 'dist'), { recursive: true });
  await mkdir(dir, { recursive: true });
  await symlink(join(TEST_CACHE, 'engines'), join(cache, 'engines'));
  await writeFile(join(app, 'package.json'), JSON.stringify({ ...real.runtime, type: 'module' }));
  await copyFile(ENTRY, join(app, 'dist', 'entry.js'));
  const record = await readRecord(from);
  await link(real.node.archive, join(dir, archiveName(record.node)));
  const tree = await packTree(join(cache, 'app'), dir, recordedProgress(), new AbortController().signal);
  await writeRecord(dir, { ...record, app: tree, digest: bundleDigest({ ...record, app: tree }) });
  return cache;
}
