import type { VerbFailureKind } from '../../../core/ports/automation.ts';
import type { RunInput, VerbCall } from '../../../packs/interpret/ports.ts';
import type { Act } from '../../../packs/verbs/acts.ts';

export interface ChildRequest {
  /** The run that asks, and where in it. */
  run: string;
  path: string;
  pack: string;
  inputs: Record<string, unknown>;
  dryRun: boolean;
}

export interface ChildRun {
  run: string;
  input: RunInput;
}

/** What a fixture has for an act. */
export type Recorded = { result: unknown } | { failure: { kind: VerbFailureKind; message: string } };

/** Everything that workflows ask of the outside: one activity an act, and the input of a pack that another starts. */
export type Activities = Record<Act, (call: VerbCall) => Promise<unknown>> & {
  loadPack(request: ChildRequest): Promise<ChildRun>;
};
