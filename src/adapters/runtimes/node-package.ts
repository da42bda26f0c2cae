import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { Platform } from '../../core/generation.ts';
import { scanTree } from '../../core/tree-archive.ts';
import { npm } from '../trees/npm.ts';

/** The node that runs on hosts. */
export const NODE_VERSION = '24.21.0';

/**
 * Digests of `bin/node` + `LICENSE` of that version, so that a host gets the very node that was tested, whoever handed
 * it to us. When NODE_VERSION changes: `npm pack node-<platform>@<version>` and take `scanTree` of the two files.
 */
const PINNED: Record<Platform, Digest> = {
  'linux-x64': '300be0c6ecfccb3c9e2f6887f42db605f4398c1a7ab847b8512bf9644c343e81',
  'linux-arm64': '758f923f79a715d90967f6775e473b3d6b2f4101bb312e540f2120af040c9467',
};
const FILES = ['bin/node', 'LICENSE'];

/**
 * Puts `bin/node` and its licence for a platform into `dir`: from our own dependencies where they fit, else fetched by npm.
 * @throws ENGINE_UNAVAILABLE, or INTEGRITY when it is not the pinned one
 */
export async function unpackNode(dir: string, platform: Platform, signal: AbortSignal): Promise<void> {
  const name = `node-${platform}`;
  const from = installedNode(name) ?? (await fetchNode(`${dir}.package`, name, signal));
  await mkdir(join(dir, 'bin'), { recursive: true });
  for (const file of FILES) await copyFile(join(from, file), join(dir, file));
  const { digest } = await scanTree(dir);
  if (digest === PINNED[platform]) return;
  throw new ChpError('INTEGRITY', `${name}@${NODE_VERSION} is not the one chp was tested with`, {
    why: `Its files have digest ${digest.slice(0, 12)}, the pinned one is ${PINNED[platform].slice(0, 12)}.`,
    next: ['Install chp again; if it stays, do not trust the package registry in use.'],
    details: { from, digest, pinned: PINNED[platform] },
  });
}

function installedNode(name: string): string | null {
  const require = createRequire(import.meta.url);
  try {
    const path = require.resolve(`${name}/package.json`);
    return (require(path) as { version: string }).version === NODE_VERSION ? dirname(path) : null;
  } catch {
    return null;
  }
}

async function fetchNode(dir: string, name: string, signal: AbortSignal): Promise<string> {
  await mkdir(dir, { recursive: true });
  await npm(['pack', `${name}@${NODE_VERSION}`, '--loglevel=error'], dir, signal);
  const [tarball = ''] = (await readdir(dir)).filter((file) => file.endsWith('.tgz'));
  const { extract } = await import('tar');
  const wanted = new Set(FILES.map((file) => `package/${file}`));
  await extract({ file: join(dir, tarball), cwd: dir, filter: (path) => wanted.has(path) });
  return join(dir, 'package');
}
