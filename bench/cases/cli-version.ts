import { exec, chp as fromSources } from '../exec.ts';
import type { BenchCase } from '../harness.ts';
import { published } from '../published.ts';

const ARGS = ['--version'];

export default {
  name: 'cli-version',
  title: 'Start: `chp --version` beside a bare `node -e 0`',
  rounds: 15,
  lacks: async () => null,
  prepare: async () => {
    const { chp, [Symbol.asyncDispose]: dispose } = await published();
    return {
      sides: [
        { label: 'node -e 0', run: () => exec([process.execPath, '-e', '0']) },
        { label: 'chp --version', run: () => chp(ARGS) },
        { label: 'chp --version, from a checkout', run: () => fromSources(ARGS) },
      ],
      limits: [{ subject: 'chp --version', than: 'node -e 0', atMost: 3 }],
      [Symbol.asyncDispose]: dispose,
    };
  },
} satisfies BenchCase;
