import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chp, exec } from '../exec.ts';
import type { BenchCase } from '../harness.ts';

export default {
  name: 'cli-list',
  title: 'Start: `chp tenant list` (registry opened) beside a bare `node -e 0`',
  rounds: 15,
  lacks: async () => null,
  prepare: async () => {
    const home = await mkdtemp(join(tmpdir(), 'chp-bench-'));
    const env = { CHP_HOME: home };
    return {
      sides: [
        { label: 'node -e 0', run: () => exec([process.execPath, '-e', '0']) },
        { label: 'chp tenant list', run: () => chp(['tenant', 'list', '--json'], { env }) },
      ],
      limits: [{ subject: 'chp tenant list', than: 'node -e 0', atMost: 6 }],
      [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
    };
  },
} satisfies BenchCase;
