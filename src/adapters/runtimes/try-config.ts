import { spawn } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { commandsOf } from '../../core/gateway-commands.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { extractTreeArchive } from '../../core/tree-archive.ts';

const DEADLINE_MS = 90_000;
const MAX_LINES = 12;

/** Can this machine run the bundle's gateway? */
export const canTry = ({ platform }: Pick<RuntimeBundle, 'platform'>): boolean =>
  process.platform === 'linux' && platform === (process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64');

/**
 * Asks a runtime's own validator, on this machine, whether it would take a configuration. `secrets`: names that it refers
 * to; they get placeholders.
 * @returns its words when it refuses; null = it would take it. @throws DEADLINE
 */
export async function tryConfig(
  bundle: RuntimeBundle,
  config: unknown,
  secrets: readonly string[],
  home: { cache: string },
): Promise<string | null> {
  const tree = join(home.cache, 'unpacked', bundle.app.digest);
  if (!existsSync(tree)) await extractTreeArchive(createReadStream(bundle.app.archive), tree, bundle.app.digest);
  const dir = await mkdtemp(join(tmpdir(), 'chp-config-'));
  try {
    const file = join(dir, 'gateway.json');
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    for (const name of ['state', 'home']) await mkdir(join(dir, name), { mode: 0o700 });
    const { entry, validate, configPath, stateDir } = commandsOf(bundle.runtime.name);
    const { code, words } = await ask([join(tree, entry), ...validate], dir, {
      ...Object.fromEntries(secrets.map((name) => [name, 'placeholder'])),
      [configPath]: file,
      [stateDir]: join(dir, 'state'),
      HOME: join(dir, 'home'),
      NODE_NO_WARNINGS: '1',
    });
    return code === 0 ? null : words.replaceAll(file, 'gateway.json').trim().split('\n').slice(0, MAX_LINES).join('\n');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function ask(
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<{ code: number; words: string }> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH ?? '', TMPDIR: tmpdir(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  let words = '';
  for (const stream of [child.stderr, child.stdout])
    stream.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === null) throw new ChpError('DEADLINE', 'the new version did not say in time what it makes of the config');
  return { code, words };
}
