import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import type { Engine } from '../../../../src/adapters/engines/catalogue.ts';
import type { AcquireOptions } from '../../../../src/adapters/engines/options.ts';
import { chpHome } from '../../../../src/core/home.ts';
import { recordedProgress } from '../../../support/progress.ts';

export const FILE = 'toy-v2.5.0.tar.gz';

/** An engine whose release lies on `base`; `folder`: where in the archive. */
export function toyEngine(base = 'http://127.0.0.1:1', folder = 'toy'): Engine {
  return {
    name: 'toy',
    version: '2.5.0',
    minimum: '2.1.0',
    versionArgs: ['version'],
    download: () => ({ url: `${base}/${FILE}`, checksums: `${base}/checksums.txt`, file: FILE, folder }),
    build: { require: 'example.invalid/toy v2.5.0', package: 'example.invalid/toy/cmd/toy', ldflags: '-s -w' },
  };
}

/** An executable script; with `version`, one that prints it. */
export async function script(dir: string, name: string, body: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A folder, options to acquire with, and a PATH that has nothing but the shell's own tools. */
export async function workbench(): Promise<{
  dir: string;
  bin: string;
  options: AcquireOptions;
  lines: string[];
}> {
  const dir = await mkdtemp(join(tmpdir(), 'chp-engines-'));
  const bin = join(dir, 'bin');
  const progress = recordedProgress();
  const options = {
    home: chpHome({ CHP_HOME: join(dir, 'home') }),
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: dir },
    progress,
    signal: new AbortController().signal,
  };
  return { dir, bin, options, lines: progress.lines };
}

/** A release as the publisher would pack it: `toy/toy`, or `toy` at its root. */
export async function packRelease(dir: string, folder = 'toy'): Promise<{ archive: Buffer; sum: string }> {
  await script(join(dir, 'release', folder), 'toy', 'echo v2.5.0');
  const file = join(dir, 'release.tar.gz');
  await create({ file, cwd: join(dir, 'release'), gzip: true }, ['toy']);
  const archive = await readFile(file);
  return { archive, sum: createHash('sha256').update(archive).digest('hex') };
}

export interface Origin extends AsyncDisposable {
  url: string;
  /** Paths in the order in which they were asked for. */
  asked: string[];
}

/** A web server on loopback. */
export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Origin> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
