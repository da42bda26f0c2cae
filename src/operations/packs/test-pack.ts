import { type PlayedFixture, playFixtures } from '../../adapters/worker/play.ts';
import { ChpError } from '../../core/errors.ts';
import { fixturesOf } from '../../packs/fixture-file.ts';
import type { Context } from '../context.ts';
import { readSoundPack } from './lint-packs.ts';

export interface TestedPack {
  id: string;
  version: string;
  /** In order of their names. */
  fixtures: PlayedFixture[];
}

/**
 * Plays a pack's fixtures, or one of them, on a real Temporal server with recorded answers.
 * @throws BAD_DOCUMENT when lint finds an error, NOT_FOUND for a fixture that it has not, UNHEALTHY when one fails
 */
export async function testPack(context: Context, dir: string, only?: string): Promise<TestedPack> {
  const { pack, files } = await readSoundPack(dir);
  const all = fixturesOf(files);
  const fixtures = only === undefined ? all : new Map([...all].filter(([name]) => name === only));
  if (fixtures.size === 0)
    throw new ChpError('NOT_FOUND', only === undefined ? `${dir} has no fixtures` : `${dir} has no fixture "${only}"`, {
      next: all.size > 0 ? [`Fixtures: ${[...all.keys()].join(', ')}`] : ['Write one: docs/pack-yaml.md'],
    });
  const played = await context.progress.step(`Play ${fixtures.size} of ${pack.id} on Temporal`, (progress) =>
    playFixtures(pack, fixtures, { ...context, progress }),
  );
  const tested = { id: pack.id, version: pack.version, fixtures: played };
  const failed = played.filter(({ problems }) => problems.length > 0);
  if (failed.length === 0) return tested;
  throw new ChpError('UNHEALTHY', `${failed.length} of ${played.length} fixtures failed`, {
    why: failed.map(({ name, problems }) => `${name}: ${problems.join('; ')}`).join('\n'),
    details: { tested },
  });
}
