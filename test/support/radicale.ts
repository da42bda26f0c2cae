import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaldavOptions } from '../fakes/caldav.ts';

const USER = 'ana';
const PASSWORD = 'dav-password-1';

/** A real CalDAV server (Debian's radicale) with these calendars. */
export async function startRadicale({ calendars = [] }: Pick<CaldavOptions, 'calendars'>) {
  const dir = mkdtempSync(join(tmpdir(), 'chp-radicale-'));
  writeFileSync(join(dir, 'users'), `${USER}:${PASSWORD}\n`);
  const port = await freePort();
  const child = spawn(
    'radicale',
    [
      ...['--server-hosts', `127.0.0.1:${port}`, '--storage-filesystem-folder', join(dir, 'data')],
      ...['--auth-type', 'htpasswd', '--auth-htpasswd-filename', join(dir, 'users')],
      ...['--auth-htpasswd-encryption', 'plain', '--auth-delay', '0', '--rights-type', 'owner_only'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const url = `http://127.0.0.1:${port}`;
  const dav = async (method: string, path: string, body: string, type: string) => {
    const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    const response = await fetch(url + path, { method, body, headers: { authorization, 'content-type': type } });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${said}`);
  };
  const close = async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await answers(url, () => said);
    for (const { name, displayName, components = ['VEVENT'], objects = {} } of calendars) {
      const set = components.map((component) => `<c:comp name="${component}"/>`).join('');
      await dav(
        'MKCALENDAR',
        `/${USER}/${name}/`,
        `<?xml version="1.0"?><c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>${displayName}</d:displayname><c:supported-calendar-component-set>${set}</c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>`,
        'text/xml',
      );
      for (const [file, data] of Object.entries(objects))
        await dav('PUT', `/${USER}/${name}/${file}`, data, 'text/calendar');
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

async function answers(url: string, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await fetch(url, { redirect: 'manual' }).catch(() => null)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`radicale does not answer: ${said()}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
