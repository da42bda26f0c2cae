/** Every workflow of the bundle, by the name it is started with. */
export { playFixture } from './play-fixture.ts';
export { runPack } from './run-pack.ts';
