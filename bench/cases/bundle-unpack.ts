import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractTreeArchive } from '../../src/core/tree-archive.ts';
import { testBundle } from '../../test/support/runtime-bundle.ts';
import { onPath, quote, shell } from '../exec.ts';
import type { BenchCase } from '../harness.ts';

export default {
  name: 'bundle-unpack',
  title: 'Unpack the gateway (17,000 files), every file checked, beside `zstd | tar` and `sync`, which check nothing',
  rounds: 5,
  lacks: async () => (onPath('zstd') ? null : 'zstd is not installed'),
  prepare: async () => {
    const { app } = await testBundle();
    const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
    const to = join(dir, 'to');
    const before = async () => {
      await rm(to, { recursive: true, force: true });
      await shell(`sync -f ${quote(dir)}`);
    };
    return {
      sides: [
        {
          label: 'zstd and tar, sync',
          before,
          run: async () => {
            await mkdir(to);
            await shell(`zstd -dc ${quote(app.archive)} | tar -C ${quote(to)} -xf -; sync -f ${quote(to)}`);
          },
        },
        { label: 'chp', before, run: () => extractTreeArchive(createReadStream(app.archive), to, app.digest) },
      ],
      limits: [{ subject: 'chp', than: 'zstd and tar, sync', atMost: 1.25 }],
      notes: () => [
        `${(app.size / 1e6).toFixed(0)} MB in ${app.files} files, ${(app.archiveSize / 1e6).toFixed(0)} MB packed`,
      ],
      [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
    };
  },
} satisfies BenchCase;
