import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package-root.ts';

const WRAPPER = packagePath('bin', 'pulumi-resource-chp');

test("started by an engine it says its port, and ends when the engine's process does", async () => {
  // A shell in the place of the engine: killed, it can't tell anybody.
  const engine = spawn('sh', ['-c', `"$0" 127.0.0.1:1 & echo "$!"; wait`, WRAPPER], {
    env: { PATH: '/usr/bin:/bin', CHP_NODE: process.execPath },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface(engine.stdout)[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  expect((await lines.next()).value).toMatch(/^\d+$/);
  engine.kill('SIGKILL');
  const gone = async (): Promise<boolean> => {
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        process.kill(pid, 0);
      } catch {
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  };
  expect(await gone()).toBe(true);
});

test('with only an old node it says what it needs', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chp-wrapper-'));
  await mkdir(join(dir, 'bin'));
  await copyFile(WRAPPER, join(dir, 'bin', 'pulumi-resource-chp'));
  await writeFile(join(dir, 'bin', 'node'), '#!/bin/sh\nexit 1\n');
  await chmod(join(dir, 'bin', 'node'), 0o755);
  const child = spawn(join(dir, 'bin', 'pulumi-resource-chp'), [], {
    env: { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` },
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
  expect(said).toContain('needs Node.js 24 or later');
});
