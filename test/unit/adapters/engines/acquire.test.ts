import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acquire, acquireEngine } from '../../../../src/adapters/engines/acquire.ts';
import { engineDir } from '../../../../src/adapters/engines/find.ts';
import { FILE, packRelease, script, serve, toyEngine, workbench } from './fixture.ts';

/** Go as far as chp uses it: lists packages, says what it does, writes the binary. */
const GO = [
  'echo "$@" >> "$HOME/go.log"; pwd >> "$HOME/go.log"; cat go.mod >> "$HOME/go.log"',
  'if [ "$1" = list ]; then echo "go: downloading example.invalid/toy v2.5.0" >&2; printf "fmt\\nos\\n"; exit 0; fi',
  'while [ "$1" != -o ]; do shift; done',
  'echo fmt >&2; printf "#!/bin/sh\\necho v2.5.0\\n" > "$2"; chmod +x "$2"',
].join('\n');

test('one on PATH that is new enough is taken as it is', async () => {
  const { bin, options, lines } = await workbench();
  const path = await script(bin, 'toy', 'echo toy v2.3.0-alpha.1');
  expect(await acquire(toyEngine(), options)).toEqual({ name: 'toy', version: '2.3.0', path, source: 'path' });
  expect(lines).toEqual([]);
});

test('too old, too new and broken ones are passed over, and a later one on PATH is taken', async () => {
  const { dir, bin, options } = await workbench();
  await script(bin, 'toy', 'echo 2.0.9');
  await script(join(dir, 'b'), 'toy', 'echo 3.0.0');
  await script(join(dir, 'c'), 'toy', 'exit 1');
  const path = await script(join(dir, 'd'), 'toy', 'echo 2.1.0');
  const env = { ...options.env, PATH: [bin, join(dir, 'b'), join(dir, 'c'), join(dir, 'd')].join(':') };
  expect(await acquire(toyEngine(), { ...options, env })).toMatchObject({ path, version: '2.1.0' });
});

test('for another machine it is built there for that one, exactly the version of the catalogue, whatever is on PATH', async () => {
  const { dir, bin, options } = await workbench();
  await script(bin, 'toy', 'echo 2.5.1');
  await script(bin, 'go', `echo "$GOOS $GOARCH" >> "$HOME/target.log"\n${GO}`);
  const target = { platform: 'linux', arch: 'arm64' } as const;
  const got = await acquire(toyEngine(), { ...options, target });
  expect(got).toMatchObject({ version: '2.5.0', source: 'build' });
  expect(await readFile(join(dir, 'target.log'), 'utf8')).toBe('linux arm64\nlinux arm64\n');
  expect(await acquire(toyEngine(), { ...options, target })).toMatchObject({ source: 'cache', path: got.path });
  expect(await acquire(toyEngine(), options)).toMatchObject({ source: 'path' });
});

test('what is in the cache is used before the network', async () => {
  const { options } = await workbench();
  const engine = toyEngine();
  const path = await script(join(engineDir(engine, options.home), 'bin'), 'toy', 'echo v2.5.0');
  expect(await acquire(engine, options)).toEqual({ name: 'toy', version: '2.5.0', path, source: 'cache' });
});

test('a release is downloaded once, then found in the cache', async () => {
  const { dir, options, lines } = await workbench();
  const { archive, sum } = await packRelease(dir);
  await using origin = await serve((request, response) =>
    response.end(request.url === '/checksums.txt' ? `${sum}  ${FILE}\n` : archive),
  );
  const engine = toyEngine(origin.url);
  const got = await acquire(engine, options);
  expect(got.source).toBe('download');
  expect((await promisify(execFile)(got.path, ['version'])).stdout).toBe('v2.5.0\n');
  expect(await acquire(engine, options)).toEqual({ ...got, source: 'cache' });
  expect(origin.asked).toHaveLength(2);
  expect(lines).toEqual(['step Download toy 2.5.0']);
});

test('where nothing can be downloaded it is built, whatever an earlier run left behind', async () => {
  const { dir, bin, options, lines } = await workbench();
  await script(bin, 'go', GO);
  const engine = toyEngine();
  await mkdir(`${engineDir(engine, options.home)}.build/bin`, { recursive: true });
  await writeFile(`${engineDir(engine, options.home)}.build/bin/toy`, 'half');
  expect(await acquire(engine, options)).toMatchObject({ source: 'build' });
  expect(lines).toEqual([
    'step Download toy 2.5.0',
    "says not possible here: 127.0.0.1:1 can't be reached",
    'step Build toy 2.5.0 from source',
  ]);
  const log = await readFile(join(dir, 'go.log'), 'utf8');
  expect(log).toContain('require example.invalid/toy v2.5.0');
  expect(log).toMatch(/build -v -mod=mod -trimpath -ldflags -s -w -o \S+ example\.invalid\/toy\/cmd\/toy/);
  expect((await readdir(join(options.home.cache, 'engines', 'toy'))).filter((name) => !name.includes('.lock'))).toEqual(
    ['2.5.0'],
  );
});

test('when nothing works, everything that was tried is told, and nothing is left', async () => {
  const { bin, options } = await workbench();
  await script(bin, 'toy', 'echo 1.0.0');
  await script(bin, 'go', 'echo "go: example.invalid/toy: unknown revision" >&2; exit 1');
  const failure = await acquire(toyEngine(), options).catch((error) => error);
  expect(failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect(failure.details.failures).toEqual([
    expect.stringMatching(/^Look on PATH: .*toy is 1\.0\.0; wanted: 2\.1\.0 or later, below 3\.0\.0/),
    expect.stringMatching(/^Download toy 2\.5\.0: 127\.0\.0\.1:1 can't be reached/),
    'Build toy 2.5.0 from source: go list failed (go: example.invalid/toy: unknown revision)',
  ]);
  expect(failure.next).toHaveLength(3);
  expect(existsSync(engineDir(toyEngine(), options.home))).toBe(false);
  expect(existsSync(`${engineDir(toyEngine(), options.home)}.build`)).toBe(false);
});

test('without Go that is what is said', async () => {
  const { bin, options } = await workbench();
  // Only what the lock needs: the machine may have a Go of its own.
  await mkdir(bin);
  for (const tool of ['sh', 'cat', 'flock']) await symlink(`/usr/bin/${tool}`, join(bin, tool)).catch(() => {});
  const failure = await acquire(toyEngine(), { ...options, env: { PATH: bin } }).catch((error) => error);
  expect(failure.why).toContain('there is no Go on this machine');
});

test('a run that is stopped says so, not that the engine is unavailable', async () => {
  const { bin, options } = await workbench();
  await script(bin, 'go', 'sleep 30');
  const signal = AbortSignal.timeout(300);
  await expect(acquire(toyEngine(), { ...options, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('of two processes one builds, the other waits and takes what was built', async () => {
  const { dir, bin, options } = await workbench();
  await script(bin, 'go', `sleep 0.3\n${GO}`);
  const source = (path: string) => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);
  const program = join(dir, 'get.mjs');
  await writeFile(
    program,
    `import { acquire } from ${source('src/adapters/engines/acquire.ts')};
     import { chpHome } from ${source('src/core/home.ts')};
     import { recordedProgress } from ${source('test/support/progress.ts')};
     import { toyEngine } from ${source('test/unit/adapters/engines/fixture.ts')};
     const progress = recordedProgress();
     const options = { home: chpHome(process.env), env: process.env, progress, signal: new AbortController().signal };
     const { path, source } = await acquire(toyEngine(), options);
     console.log(JSON.stringify({ path, source, notes: progress.lines.filter((line) => line.startsWith('note')) }));`,
  );
  const env = { ...options.env, CHP_HOME: options.home.dir };
  const get = async () =>
    JSON.parse((await promisify(execFile)(process.execPath, ['--no-warnings', program], { env })).stdout);
  const both = await Promise.all([get(), get()]);
  expect(both.map(({ source }) => source).sort()).toEqual(['build', 'cache']);
  expect(both[0].path).toBe(both[1].path);
  expect(both.flatMap(({ notes }) => notes)).toEqual(['note Waiting for another chp that installs toy.']);
  expect((await readFile(join(dir, 'go.log'), 'utf8')).match(/^build/gm)).toHaveLength(1);
}, 30_000);

test('a name that chp does not know is told with those it does', async () => {
  const { options } = await workbench();
  await expect(acquireEngine('pulumy', options)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    next: ['Engines: pulumi, temporal'],
  });
});
