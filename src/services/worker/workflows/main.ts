import './sandbox-date.ts';
import { runPack as interpret } from '../../../packs/interpret/run.ts';
import { runPackBy } from './bind.ts';

/** Every workflow of the bundle, by the name it is started with. */
export { playFixture } from './play-fixture.ts';
export const runPack = runPackBy(interpret);
