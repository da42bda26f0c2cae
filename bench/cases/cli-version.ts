import { chp, exec } from '../exec.ts';
import type { BenchCase } from '../harness.ts';

export default {
  name: 'cli-version',
  title: 'Start: `chp --version` beside a bare `node -e 0`',
  rounds: 15,
  lacks: async () => null,
  prepare: async () => ({
    sides: [
      { label: 'node -e 0', run: () => exec([process.execPath, '-e', '0']) },
      { label: 'chp --version', run: () => chp(['--version']) },
    ],
    limits: [{ subject: 'chp --version', than: 'node -e 0', atMost: 3 }],
    [Symbol.asyncDispose]: async () => {},
  }),
} satisfies BenchCase;
