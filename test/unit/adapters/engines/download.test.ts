import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { downloadEngine } from '../../../../src/adapters/engines/download.ts';
import { recordedProgress } from '../../../support/progress.ts';
import { FILE, type Origin, packRelease, serve, toyEngine, workbench } from './fixture.ts';

const { dir: shared } = await workbench();
const release = await packRelease(shared);

/** Serves the release; `change` may answer in another way, and then returns true. */
function publisher(change: (path: string, response: ServerResponse) => boolean = () => false): Promise<Origin> {
  return serve((request, response) => {
    if (change(request.url ?? '', response)) return;
    response.end(
      request.url === '/checksums.txt' ? `${'0'.repeat(64)}  other.tar.gz\n${release.sum}  ${FILE}\n` : release.archive,
    );
  });
}

async function download(
  url: string,
  more: { stallMs?: number; answerMs?: number; signal?: AbortSignal; env?: NodeJS.ProcessEnv } = {},
) {
  const { dir, options } = await workbench();
  const work = join(dir, 'work');
  await mkdir(join(work, 'bin'), { recursive: true });
  await downloadEngine(toyEngine(url), work, {
    env: options.env,
    signal: options.signal,
    progress: recordedProgress(),
    ...more,
  });
  return work;
}

test('the binary of a release with the right checksum is there, and nothing else is left', async () => {
  await using origin = await publisher();
  const work = await download(origin.url);
  expect(await readdir(work)).toEqual(['bin']);
  expect(await readdir(join(work, 'bin'))).toEqual(['toy']);
});

test('a release with the binary at its root is unpacked as well', async () => {
  const { dir, options } = await workbench();
  const flat = await packRelease(dir, '.');
  await using origin = await serve((request, response) =>
    response.end(request.url === '/checksums.txt' ? `${flat.sum}  ${FILE}\n` : flat.archive),
  );
  const work = join(dir, 'work');
  await mkdir(join(work, 'bin'), { recursive: true });
  await downloadEngine(toyEngine(origin.url, '.'), work, { ...options, progress: recordedProgress() });
  expect([await readdir(work), await readdir(join(work, 'bin'))]).toEqual([['bin'], ['toy']]);
});

test('a release that is not what the checksum says is refused before it is unpacked', async () => {
  await using origin = await publisher((path, response) => {
    if (path === '/checksums.txt') return false;
    response.end(Buffer.concat([release.archive, Buffer.from('x')]));
    return true;
  });
  const { dir, options } = await workbench();
  await mkdir(join(dir, 'bin'));
  const refused = downloadEngine(toyEngine(origin.url), dir, { ...options, progress: recordedProgress() });
  await expect(refused).rejects.toMatchObject({ code: 'INTEGRITY' });
  expect(existsSync(join(dir, 'toy'))).toBe(false);
});

test.each([
  ['no line for the file', `${'a'.repeat(64)}  other.tar.gz\n`],
  ['a line that only ends alike', `${'a'.repeat(64)}  x${FILE}\n`],
  ['not a checksum', `abc  ${FILE}\n`],
  ['empty', ''],
])('checksums that do not vouch for the file are refused: %s', async (_, text) => {
  await using origin = await publisher((path, response) => {
    if (path !== '/checksums.txt') return false;
    response.end(text);
    return true;
  });
  await expect(download(origin.url)).rejects.toMatchObject({ code: 'INTEGRITY' });
  expect(origin.asked).toEqual(['/checksums.txt']);
});

test('404 is told with the host and the status', async () => {
  await using origin = await publisher((_, response) => Boolean(response.writeHead(404).end()));
  await expect(download(origin.url)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: `${new URL(origin.url).host} answered 404`,
  });
});

test('nothing listens: told at once', async () => {
  await expect(download('http://127.0.0.1:1')).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: "127.0.0.1:1 can't be reached",
  });
});

test.each([
  ['never answers', () => true],
  [
    'stops in the middle of the checksums',
    (_: string, response: ServerResponse) => {
      response.write('abc');
      return true;
    },
  ],
])('a publisher that %s is given up soon', async (_, hang) => {
  await using origin = await publisher(hang);
  const start = Date.now();
  await expect(download(origin.url, { answerMs: 200 })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect(Date.now() - start).toBeLessThan(3_000);
});

test('a download that stalls is given up; one that is cut says how far it came', async () => {
  const begin = (then: (response: ServerResponse) => void) =>
    publisher((path, response) => {
      if (path === '/checksums.txt') return false;
      response.writeHead(200, { 'content-length': release.archive.length });
      response.write(release.archive.subarray(0, 10));
      then(response);
      return true;
    });
  {
    await using origin = await begin(() => {});
    await expect(download(origin.url, { stallMs: 200 })).rejects.toMatchObject({ code: 'DEADLINE' });
  }
  await using origin = await begin((response) => setTimeout(() => response.destroy(), 50));
  await expect(download(origin.url)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringContaining(`of ${release.archive.length} bytes`),
  });
});

test('a proxy in the environment is used', async () => {
  const asked: (string | undefined)[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const env = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  await expect(download('http://releases.invalid', { env })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  await expect(download('http://releases.invalid')).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect(asked).toEqual(['releases.invalid:80']);
  proxy.close();
});
