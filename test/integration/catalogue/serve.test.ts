import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pacote from 'pacote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpSource } from '../../../src/adapters/catalogue/http.ts';
import { catalogueServer } from '../../../src/adapters/catalogue/serve.ts';
import { staticCatalogue } from '../../../src/adapters/catalogue/static.ts';
import type { Packument } from '../../../src/core/ports/catalogue.ts';
import { withYank } from '../../../src/packs/packument.ts';
import { TestCatalogue, take } from '../../support/catalogue.ts';
import { freePort } from '../../support/free-port.ts';
import { packYaml } from '../../support/packs.ts';

/** A catalogue in a folder over HTTP, for chp and for npm’s own tools. */
const run = promisify(execFile);
const NAME = '@clawd-packs/hello';
const scratch = mkdtempSync(join(tmpdir(), 'chp-serve-'));
let catalogue: TestCatalogue;
let server: Server;
let url: string;
beforeAll(async () => {
  catalogue = await TestCatalogue.made('hello');
  await catalogue.publish('hello', '1.1.0', 'Hi', 'beta');
  await catalogue.publish('hello', '0.9.0', 'Old', 'old');
  const yank = (one: Packument | null) => withYank(one as Packument, '0.9.0', 'harmful', catalogue.now);
  await catalogue.publisher().change(new Map([[NAME, yank]]));
  server = catalogueServer({ dir: catalogue.dir });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  catalogue.cleanUp();
  rmSync(scratch, { recursive: true, force: true });
});

const npm = (dir: string, ...args: string[]) => {
  const cwd = join(scratch, dir);
  mkdirSync(cwd, { recursive: true });
  const env = {
    ...process.env,
    npm_config_cache: join(scratch, 'cache'),
    npm_config_userconfig: join(scratch, 'npmrc'),
  };
  return run('npm', args, { cwd, env });
};

test('chp reads it through the gate', async () => {
  const gate = catalogue.gate({ catalogue: staticCatalogue(httpSource(url)) });
  expect(await take(gate, 'hello')).toBe(`${NAME}@1.0.0`);
  expect((await gate.search('hi', 9)).length).toBe(0);
  expect((await gate.search('hello', 9)).length).toBe(1);
});

describe('npm’s own tools', () => {
  test('npm view', async () => {
    const { stdout } = await npm('view', 'view', `${NAME}`, '--registry', url, '--json');
    const { version, 'dist-tags': tags } = JSON.parse(stdout);
    expect({ version, tags }).toEqual({ version: '1.0.0', tags: { latest: '1.0.0', beta: '1.1.0' } });
    const yanked = await npm('view', 'view', `${NAME}@0.9.0`, 'deprecated', '--registry', url);
    expect(yanked.stdout.trim()).toBe('yanked: harmful');
  });

  test('npm install', async () => {
    await npm('app', 'init', '-y');
    await npm('app', 'install', `${NAME}@beta`, '--registry', url);
    expect(readFileSync(join(scratch, 'app/node_modules', NAME, 'pack.yaml'), 'utf8')).toBe(
      packYaml('hello', '1.1.0', 'Hi'),
    );
  });

  test('pacote finds our signatures good, by the keys where npm looks for them', async () => {
    const { keys } = (await (await fetch(`${url}/-/npm/v1/keys`)).json()) as { keys: { key: string }[] };
    const pem = keys.map((key) => ({
      ...key,
      pemkey: `-----BEGIN PUBLIC KEY-----\n${key.key}\n-----END PUBLIC KEY-----`,
    }));
    const options = { registry: `${url}/`, verifySignatures: true, cache: join(scratch, 'pacote') };
    const ask = (trusted: unknown) =>
      pacote.manifest(`${NAME}@1.0.0`, { ...options, [`//${new URL(url).host}/:_keys`]: trusted } as never);
    expect((await ask(pem)).version).toBe('1.0.0');
    await expect(ask([])).rejects.toMatchObject({ code: 'EMISSINGSIGNATUREKEY' });
  });

  test('pacote, also where the files lie on a server that knows nothing of npm', async () => {
    const port = await freePort();
    const plain = spawn('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '-d', catalogue.dir], {
      stdio: 'ignore',
    });
    try {
      const registry = `http://127.0.0.1:${port}`;
      for (let i = 0; i < 100 && !(await fetch(registry).catch(() => null)); i++) await sleep(50);
      const options = { registry, replaceRegistryHost: 'always', cache: join(scratch, 'pacote') };
      await pacote.extract(`${NAME}@1.0.0`, join(scratch, 'extracted'), options as never);
      expect(readFileSync(join(scratch, 'extracted/pack.yaml'), 'utf8')).toBe(packYaml('hello', '1.0.0'));
      expect(await take(catalogue.gate({ catalogue: staticCatalogue(httpSource(registry)) }), 'hello')).toBe(
        `${NAME}@1.0.0`,
      );
    } finally {
      plain.kill();
    }
  });
});

describe('the server', () => {
  const ask = (path: string, options: { method?: string; headers?: Record<string, string> } = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      // As it is: fetch would tidy the path.
      const asked = request(
        url,
        { path, method: options.method ?? 'GET', headers: options.headers ?? {} },
        (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        },
      );
      asked.on('error', reject).end();
    });

  test('says what things are, how long they hold, and nothing when they did not change', async () => {
    const snapshot = await ask('/-/chp/snapshot.json');
    expect(snapshot).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
    });
    const again = await ask('/-/chp/snapshot.json', { headers: { 'if-none-match': String(snapshot.headers.etag) } });
    expect(again).toMatchObject({ status: 304, body: '' });
    const tarball = await ask('/-/tarballs/@clawd-packs/hello-1.0.0.tgz', { method: 'HEAD' });
    expect(tarball).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-type': 'application/octet-stream', 'cache-control': expect.stringContaining('immutable') },
    });
  });

  test('gives each client tarballs at the address it asked', async () => {
    const asked = await ask('/@clawd-packs%2fhello', { headers: { host: 'packs.home:8080' } });
    expect(JSON.parse(asked.body).versions['1.0.0'].dist.tarball).toBe(
      'http://packs.home:8080/-/tarballs/@clawd-packs/hello-1.0.0.tgz',
    );
  });

  test.each([
    '/../../etc/passwd',
    '/-/chp/lock',
    '/-/chp/tmp/x',
    '/.npmrc',
    '/%2e%2e%2fsecret',
    '/@clawd-packs/../secret',
    '/-/tarballs/@clawd-packs/..%2f..%2f..%2fsecret.tgz',
    '/%',
    '/secret',
    '/@clawd-packs/link',
    '/',
  ])('does not give %s', async (path) => {
    writeFileSync(join(catalogue.dir, 'secret'), 'x');
    rmSync(join(catalogue.dir, '@clawd-packs/link'), { force: true });
    symlinkSync('/etc/passwd', join(catalogue.dir, '@clawd-packs/link'));
    expect([404, 500]).toContain((await ask(path)).status);
  });

  test('takes nothing', async () => {
    expect((await ask('/@clawd-packs%2fhello', { method: 'PUT' })).status).toBe(405);
  });
});
