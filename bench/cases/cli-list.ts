import { exec, chp as fromSources } from '../exec.ts';
import type { BenchCase } from '../harness.ts';
import { published } from '../published.ts';

const ARGS = ['tenant', 'list', '--json'];

export default {
  name: 'cli-list',
  title: 'Start: `chp tenant list` (registry opened) beside a bare `node -e 0`',
  rounds: 15,
  lacks: async () => null,
  prepare: async () => {
    const { chp, home, [Symbol.asyncDispose]: dispose } = await published();
    return {
      sides: [
        { label: 'node -e 0', run: () => exec([process.execPath, '-e', '0']) },
        { label: 'chp tenant list', run: () => chp(ARGS) },
        { label: 'chp tenant list, from a checkout', run: () => fromSources(ARGS, { env: { CHP_HOME: home } }) },
      ],
      limits: [{ subject: 'chp tenant list', than: 'node -e 0', atMost: 6 }],
      [Symbol.asyncDispose]: dispose,
    };
  },
} satisfies BenchCase;
