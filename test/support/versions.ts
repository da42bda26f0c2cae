import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleDir, writeRecord } from '../../src/adapters/runtimes/bundle-cache.ts';
import { bundleDigest } from '../../src/adapters/runtimes/bundle-record.ts';
import { archiveName, packTree, sha256File } from '../../src/adapters/trees/stored-tree.ts';
import { digestOf } from '../../src/core/digest.ts';
import { unpacked } from './gateway.ts';
import { recordedProgress } from './progress.ts';
import { TEST_CACHE, testBundle } from './runtime-bundle.ts';

/**
 * Further versions of the gateway, as bundles that were imported: the real one behind an entry of the test's. It runs
 * from the tree of the version before, which is on the host as long as that can be gone back to.
 */

/** What a version does wrong; all of it only where it really serves, not where it is tried beside the old one. */
export const WRONG = {
  nothing: '',
  /** Also where it is tried. */
  'does not start': `if (serving) { console.error('cannot start: no such thing'); process.exit(1); }`,
  /** After its first turn, which the smoke test drives. */
  'dies soon': `if (real) { const ask = globalThis.fetch; globalThis.fetch = async (...all) => { const answer = await ask(...all); setTimeout(() => process.exit(1), 3000); return answer; }; }`,
  'can reach no model': `if (real) globalThis.fetch = async () => { throw new Error('no network'); };`,
  'is another version': '',
  'eats memory': `if (real) { const eaten = []; setInterval(() => eaten.push(Buffer.alloc(300e6, 1)), 250); }`,
  'refuses the config': `if (process.argv[2] === 'config') { console.error('Unrecognized key: "skipBootstrap" at agents.defaults'); process.exit(1); }`,
  'migrates the state, and fails': `if (real) { for (const path of globSync(process.env.CLAWDBOT_STATE_DIR + '/agents/*/sessions/*')) writeFileSync(path, 'migrated'); process.exit(1); }`,
} as const;
export type Wrong = keyof typeof WRONG;

/** A cache of its own for imported versions, which has all of the tests' cache. */
export async function versionsCache(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'chp-versions-'));
  await mkdir(join(dir, 'bundles'));
  for (const name of readdirSync(TEST_CACHE))
    if (name !== 'bundles') await symlink(join(TEST_CACHE, name), join(dir, name));
  for (const name of readdirSync(join(TEST_CACHE, 'bundles')))
    if (/^[0-9a-f]{64}$/.test(name)) await symlink(join(TEST_CACHE, 'bundles', name), join(dir, 'bundles', name));
  return dir;
}

/** Puts `clawdbot@<version>`, which does something wrong, into a cache. */
export async function addVersion(cache: string, version: string, wrong: Wrong): Promise<void> {
  const { app, runtime } = await testBundle();
  const here = await unpacked(app);
  await addBundle(cache, version, { version, wrong }, async (pack) => {
    const says = wrong === 'is another version' ? '2026.1.1' : version;
    const notes = `# Changelog\n\n## ${version}\n\n- Better in every way.\n\n## ${runtime.version}\n\n- Old.\n`;
    await mkdir(join(pack, 'dist'), { recursive: true });
    await writeFile(join(pack, 'package.json'), JSON.stringify({ name: 'clawdbot', version: says, type: 'module' }));
    await writeFile(join(pack, 'CHANGELOG.md'), notes);
    await writeFile(join(pack, 'dist', 'entry.js'), entry([`/var/lib/chp/trees/${app.digest}`, here], WRONG[wrong]));
  });
}

/** Puts the real gateway under another version into a cache: all of it, so that it lies in a place of its own. */
export async function addCopy(cache: string, version: string): Promise<void> {
  const here = await unpacked((await testBundle()).app);
  await addBundle(cache, version, { copy: version }, async (pack) => {
    await cp(join(here, 'node_modules'), join(pack, '..'), { recursive: true, verbatimSymlinks: true });
    const manifest = JSON.parse(await readFile(join(pack, 'package.json'), 'utf8')) as object;
    await writeFile(join(pack, 'package.json'), JSON.stringify({ ...manifest, version }));
  });
}

async function addBundle(
  cache: string,
  version: string,
  input: object,
  fill: (pack: string) => Promise<void>,
): Promise<void> {
  const real = await testBundle();
  const dir = bundleDir({ cache }, digestOf(input));
  const content = join(dir, 'content');
  const pack = join(content, 'node_modules', 'clawdbot');
  await mkdir(pack, { recursive: true });
  await fill(pack);
  const app = await packTree(content, dir, recordedProgress(), new AbortController().signal);
  await rm(content, { recursive: true });
  const { archive, ...node } = real.node;
  await symlink(archive, join(dir, archiveName(node)));
  const named = {
    platform: real.platform,
    runtime: { name: 'clawdbot', version },
    node: { ...node, archiveSha256: await sha256File(archive) },
    app,
  };
  await writeRecord(dir, { schema: 1, ...named, digest: bundleDigest(named), input: digestOf(input) });
}

const entry = (trees: readonly string[], wrong: string): string => `
import { existsSync, globSync, writeFileSync } from 'node:fs';
const serving = process.argv[2] === 'gateway';
const real = serving && !process.env.CLAWDBOT_STATE_DIR.includes('/warm/');
${wrong}
const tree = ${JSON.stringify(trees)}.find((path) => existsSync(path));
process.argv[1] = tree + '/node_modules/clawdbot/dist/entry.js';
await import(process.argv[1]);
`;
