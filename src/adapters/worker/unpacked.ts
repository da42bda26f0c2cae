import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import type { Platform } from '../../core/generation.ts';
import { extractTreeArchive } from '../../core/tree-archive.ts';
import type { TreeRequest } from '../trees/cached-tree.ts';
import { workerTree } from './trees.ts';

/** Folder with the very worker that hubs get, and Temporal's SDK beside it. @throws ENGINE_UNAVAILABLE, HOST_UNFIT */
export async function unpackedWorkerTree(request: TreeRequest): Promise<string> {
  const tree = await workerTree(thisPlatform(), request);
  const dest = join(request.home.cache, 'unpacked', tree.digest);
  if (!existsSync(dest)) await extractTreeArchive(createReadStream(tree.archive), dest, tree.digest);
  return dest;
}

function thisPlatform(): Platform {
  const platform = `${process.platform}-${process.arch}`;
  if (platform === 'linux-x64' || platform === 'linux-arm64') return platform;
  throw new ChpError('HOST_UNFIT', `the worker can't run on ${platform}`, {
    why: 'It is built for Linux.',
    next: ['Use a Linux machine, or a container.'],
  });
}
