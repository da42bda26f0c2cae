/**
 * What all runs of a workflow thread share: it keeps nothing of a run, and is too large to be loaded for each. The build
 * makes one file of it, so that what lies behind these names is out of reach of the sandbox, which freezes what it shares.
 */
export { VERB_FAILURES, VerbFailure, type VerbFailureKind } from '../../../core/ports/automation.ts';
export { type FixtureOutcome, runFixture } from '../../../packs/fixture-run.ts';
export { runPack } from '../../../packs/interpret/run.ts';
