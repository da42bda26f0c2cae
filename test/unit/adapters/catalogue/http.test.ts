import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Gate } from '../../../../src/adapters/catalogue/gate.ts';
import { getBounded, httpSource } from '../../../../src/adapters/catalogue/http.ts';
import { noMemory } from '../../../../src/adapters/catalogue/memory.ts';
import { npmCatalogue } from '../../../../src/adapters/catalogue/npm.ts';
import { npmLogins } from '../../../../src/adapters/catalogue/npmrc.ts';
import { redactor } from '../../../../src/core/redact.ts';
import { SCOPE, take } from '../../../support/catalogue.ts';
import { sealedPack, testKey } from '../../../support/packs.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** What somebody asked of it, and its address. */
async function serve(answer: RequestListener): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim());
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('an answer', () => {
  test('may lead to another path of the same server, not to another server', async () => {
    const other = await serve((_, response) => response.end('metadata of the cloud'));
    const here = await serve((request, response) => {
      const to = { '/a': '/b', '/evil': `${other.url}/latest/meta-data`, '/circle': '/circle' }[request.url ?? ''];
      if (to) response.writeHead(302, { location: to });
      response.end('here');
    });
    expect((await getBounded(`${here.url}/a`, 100)).bytes.toString()).toBe('here');
    await expect(getBounded(`${here.url}/evil`, 100)).rejects.toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('another server'),
    });
    await expect(getBounded(`${here.url}/circle`, 100)).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(other.asked).toEqual([]);
  });

  test('is read no further than its cap, also when it never ends', async () => {
    const endless = await serve((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await expect(getBounded(endless.url, 1_000_000)).rejects.toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('more than'),
    });
  });

  test('that fails for a moment is asked for again', async () => {
    let times = 0;
    const flaky = await serve((_, response) => response.writeHead(++times < 3 ? 503 : 200).end('well'));
    expect((await getBounded(flaky.url, 100)).bytes.toString()).toBe('well');
    expect(flaky.asked).toHaveLength(3);
  });

  test('that never comes is said', async () => {
    const { url } = await serve((_, response) => response.destroy());
    await expect(getBounded(url, 100)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await expect(httpSource(url).get('x', 100)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

test('a static server gives files; what it lacks is not there; anything else is a fault', async () => {
  const { url } = await serve((request, response) => {
    const status = { '/-/there': 200, '/-/broken': 403 }[request.url ?? ''] ?? 404;
    response.writeHead(status, { etag: '"1"' }).end('text');
  });
  expect(await httpSource(`${url}/`).get('-/there', 100)).toEqual({ bytes: Buffer.from('text'), mark: '"1"' });
  expect(await httpSource(url).get('-/absent', 100)).toBeNull();
  await expect(httpSource(url).get('-/broken', 100)).rejects.toMatchObject({ message: `${url} answered 403` });
});

describe('a live registry of an attacker', () => {
  const key = testKey();
  const { tarball, seal } = sealedPack('hello', '1.0.0', key);
  /** The packument of a good pack, changed. */
  const packument = (change: (one: any) => void = () => {}): string => {
    const { name, version, integrity, signatures } = seal;
    const whole = { name, version, dist: { tarball: 'http://x/t.tgz', integrity, signatures } };
    const all = { name, 'dist-tags': { latest: version }, versions: { [version]: whole } };
    change(all);
    return JSON.stringify(all);
  };
  const gate = (url: string): Gate =>
    new Gate(npmCatalogue(url, { HOME: '/nowhere' }), SCOPE, {
      keys: [key.trusted],
      memory: noMemory(),
      now: () => new Date(),
    });
  const registry = (change?: (one: any) => void, bytes: Uint8Array = tarball) =>
    serve((request, response) => response.end(request.url?.endsWith('.tgz') ? bytes : packument(change)));

  test('a good one is let through', async () => {
    const { url, asked } = await registry();
    expect(await take(gate(url), 'hello')).toBe(`${SCOPE}/hello@1.0.0`);
    expect(asked).toEqual(['/@clawd-packs%2fhello', '/t.tgz']);
  });

  test('dist.tarball pointing at another host leads nowhere but to this one', async () => {
    const other = await serve((_, response) => response.end(tarball));
    const { url, asked } = await registry((one) => {
      one.versions['1.0.0'].dist.tarball = `${other.url}/deep/evil.tgz`;
    });
    expect(await take(gate(url), 'hello')).toBe(`${SCOPE}/hello@1.0.0`);
    expect(asked.at(-1)).toBe('/deep/evil.tgz');
    expect(other.asked).toEqual([]);
  });

  test.each<[string, (one: any) => void, string]>([
    ['deleted signatures', (one) => delete one.versions['1.0.0'].dist.signatures, 'UNTRUSTED'],
    ['deleted integrity', (one) => delete one.versions['1.0.0'].dist.integrity, 'INTEGRITY'],
    ['no dist at all', (one) => delete one.versions['1.0.0'].dist, 'INTEGRITY'],
    [
      'one version replayed as another',
      (one) => {
        one.versions['1.0.1'] = { ...one.versions['1.0.0'], version: '1.0.1' };
        one['dist-tags'].latest = '1.0.1';
      },
      'INTEGRITY',
    ],
    ['a version of another package', (one) => (one.versions['1.0.0'].name = '@evil/hello'), 'INTEGRITY'],
    ['another package', (one) => (one.name = '@evil/hello'), 'INTEGRITY'],
  ])('%s is refused', async (_, change, code) => {
    const { url } = await registry(change);
    await expect(take(gate(url), 'hello')).rejects.toMatchObject({ code });
  });

  test('other bytes, and too many, are refused', async () => {
    await expect(take(gate((await registry(undefined, Buffer.from('x'))).url), 'hello')).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
    await expect(take(gate((await registry(undefined, Buffer.alloc(2e6))).url), 'hello')).rejects.toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('more than'),
    });
  });
});

test('the login of npm goes to its own registry, is hidden in all that is said, and variables are filled in', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chp-npmrc-'));
  try {
    const { url, asked } = await serve((_, response) => response.writeHead(404).end());
    const stranger = await serve((_, response) => response.writeHead(404).end());
    const { host } = new URL(url);
    const npmrc = join(dir, 'npmrc');
    writeFileSync(npmrc, `registry=https://elsewhere.example\n//${host}/:_authToken="\${CANARY_TOKEN}"\n; a comment\n`);
    const env = { NPM_CONFIG_USERCONFIG: npmrc, CANARY_TOKEN: 'npm_canary_4711' };
    expect(npmLogins(env)).toEqual({ [`//${host}/:_authToken`]: 'npm_canary_4711' });
    expect(await npmCatalogue(url, env).packument(`${SCOPE}/hello`)).toBeNull();
    expect(asked).toEqual(['/@clawd-packs%2fhello Bearer npm_canary_4711']);
    await npmCatalogue(stranger.url, env).packument(`${SCOPE}/hello`);
    expect(stranger.asked).toEqual(['/@clawd-packs%2fhello']);
    expect(redactor.text('token npm_canary_4711')).not.toContain('canary');
  } finally {
    rmSync(dir, { recursive: true });
  }
});
