import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Platform } from '../../core/generation.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import { npm } from './npm.ts';

const LOOK_EVERY_MS = 1_000;

/**
 * Installs a lock file's packages for a platform into `dir`, without running any of their scripts: none is needed, as
 * what is native in them comes prebuilt, and the build machine may be of another architecture.
 * @throws ENGINE_UNAVAILABLE, INTERRUPTED
 */
export async function installApp(
  dir: string,
  lockDir: string,
  platform: Platform,
  step: StepHandle,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of ['package.json', 'package-lock.json']) await copyFile(join(lockDir, name), join(dir, name));
  const cpu = platform === 'linux-arm64' ? 'arm64' : 'x64';
  const stopLooking = await showPackages(dir, cpu, step);
  try {
    await npm(
      [
        'ci',
        '--ignore-scripts',
        '--omit=dev',
        '--os=linux',
        `--cpu=${cpu}`,
        '--libc=glibc',
        '--install-strategy=hoisted',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ],
      dir,
      signal,
    );
  } finally {
    stopLooking();
  }
}

/** npm is silent in a pipeline, so its progress is read off the folder it fills. */
async function showPackages(dir: string, cpu: string, step: StepHandle): Promise<() => void> {
  const { packages } = JSON.parse(await readFile(join(dir, 'package-lock.json'), 'utf8')) as {
    packages: Record<
      string,
      { dev?: boolean; cpu?: string | string[]; os?: string | string[]; libc?: string | string[] }
    >;
  };
  const fits = (value: string | string[] | undefined, wanted: string) =>
    value === undefined || [value].flat().includes(wanted);
  const wanted = Object.entries(packages)
    .filter(
      ([path, its]) =>
        path !== '' && !its.dev && fits(its.cpu, cpu) && fits(its.os, 'linux') && fits(its.libc, 'glibc'),
    )
    .map(([path]) => join(dir, path, 'package.json'));
  const timer = setInterval(
    () => step.update(wanted.filter((path) => existsSync(path)).length, wanted.length, 'packages'),
    LOOK_EVERY_MS,
  );
  return () => clearInterval(timer);
}
