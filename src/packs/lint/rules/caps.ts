import { compiledBytes } from '../../compile.ts';
import { MAX_COMPILED_BYTES } from '../../compiled.ts';
import type { Finding, LintRule } from '../rule.ts';

const MAX_STEPS = 200;
const MAX_NESTING = 8;

export const caps: LintRule = {
  name: 'caps',
  about: 'The folder holds what a pack may hold, and the pack is not too large: files, steps, nesting, bytes.',
  check({ document, files, refused, steps }) {
    const found: Finding[] = [...refused].map(([file, why]) => ({
      file,
      offset: 0,
      message: `it can’t be in a pack: ${why}`,
    }));
    if (steps.length > MAX_STEPS)
      found.push({
        path: ['steps'],
        key: true,
        message: `the pack has ${steps.length} steps; at most ${MAX_STEPS} are allowed`,
      });
    const deep = steps.find(({ around }) => around.length > MAX_NESTING);
    if (deep) found.push({ path: deep.path, message: `steps are nested more than ${MAX_NESTING} deep` });
    const prompts = [...files].filter(([path]) => path.startsWith('prompts/'));
    const bytes = compiledBytes({ ...document, prompts: Object.fromEntries(prompts) });
    if (bytes > MAX_COMPILED_BYTES)
      found.push({
        path: ['id'],
        message: `the pack has ${bytes} bytes with its prompts; at most ${MAX_COMPILED_BYTES} are allowed`,
      });
    return found;
  },
};
