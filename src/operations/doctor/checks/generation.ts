import { createHash } from 'node:crypto';
import { check, fail, skipped, warn } from '../check.ts';

export const GENERATION = [
  check({
    id: 'generation.files',
    group: 'generation',
    title: 'Files and units',
    means: 'A file of the generation, or a unit, was edited, removed or added by hand.',
    needs: ['installation'],
    owns: ['installation'],
    fix: { text: 'Put it back as it was.', command: 'chp tenant apply TENANT', automatic: 'apply' },
    judge: ({ installation: { current, drift } }) => {
      if (current === null) return fail('nothing runs there');
      const files = drift.files.filter(({ path }) => !path.startsWith('trees/'));
      return files.length === 0
        ? `every digest holds (${current.slice(0, 12)})`
        : files.map(({ path, problem }) => fail(problem, { of: path }));
    },
  }),
  check({
    id: 'generation.trees',
    group: 'generation',
    title: 'Programs on disk',
    means:
      'A file of the runtime or of Node.js is missing or was changed. Sizes are compared; with --drift every byte.',
    needs: ['trees'],
    owns: ['trees'],
    fix: {
      text: 'Take the damaged tree away; apply sends it anew and starts the services from it.',
      command: 'chp tenant apply TENANT',
    },
    judge: ({ trees }) => {
      const bad = trees.filter((tree) => tree.bad.length > 0);
      if (bad.length === 0)
        return `${trees.reduce((sum, { entries }) => sum + entries, 0)} entries in ${trees.length} trees`;
      return bad.map(({ name, digest, bad: paths }) =>
        fail(
          `missing or changed: ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? '…' : ''} (tree ${digest.slice(0, 12)})`,
          { of: name },
        ),
      );
    },
  }),
  check({
    id: 'generation.config',
    group: 'generation',
    title: 'Configuration on disk',
    means: 'The live configuration has changes in what the operator owns.',
    needs: ['installation'],
    fix: {
      text: 'See who owns what, then converge it, or take it into tenant.yaml.',
      command: 'chp config diff TENANT',
      automatic: 'apply',
    },
    judge: ({ installation: { drift } }) => {
      const own = drift.config.filter(({ owner }) => owner === 'operator');
      const others = drift.config.length - own.length;
      if (own.length > 0) return fail(`changed by hand: ${own.map(({ path }) => path || 'the whole file').join(', ')}`);
      return others > 0 ? `as the operator’s; ${others} changes of family and agent` : 'as the generation has it';
    },
  }),
  check({
    id: 'generation.cut',
    group: 'generation',
    title: 'Activations that were cut',
    means: 'A push was cut half-way, and the host has not yet finished it or put it back.',
    needs: ['installation'],
    fix: { text: 'Finish it or put it back.', command: 'chp tenant apply TENANT', automatic: 'recover' },
    judge: ({ installation: { interrupted } }) =>
      interrupted === null ? 'none' : fail(`${interrupted.generation.slice(0, 12)} was cut at ${interrupted.step}`),
  }),
  check({
    id: 'generation.key',
    group: 'generation',
    title: 'Key that it believes',
    means:
      'The host believes generations by another key than this tenant’s: somebody exchanged it, or the identity was made anew.',
    needs: ['installation', 'record'],
    fix: {
      text: 'Find out who can write to the host, then put it back.',
      command: 'chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ installation: { signingKey }, record: { signingPublicKey } }) => {
      if (signingPublicKey === null) return skipped('it has no identity yet');
      const wanted = createHash('sha256').update(signingPublicKey.trim()).digest('hex');
      if (signingKey === null) return fail('keys/signing.pub is missing on the host');
      return signingKey === wanted ? 'this tenant’s' : fail('keys/signing.pub on the host is not this tenant’s');
    },
  }),
  check({
    id: 'generation.leftovers',
    group: 'generation',
    title: 'Left by cut transfers',
    means: 'Half a tree lies there and takes space; it is never run from.',
    needs: ['installation'],
    fix: { text: 'The next apply that sends something removes it.', command: 'chp tenant apply TENANT' },
    judge: ({ installation: { leftovers } }) => (leftovers.length === 0 ? 'nothing' : warn(leftovers.join(', '))),
  }),
];
