import type { ParsedYaml } from '../../core/documents/yaml.ts';
import type { PackDocument } from '../schema.ts';
import type { WalkedStep } from '../walk.ts';
import type { FoundExpression } from './find-expressions.ts';

/** A pack as rules see it. */
export interface LintedPack {
  document: PackDocument;
  yaml: ParsedYaml;
  files: ReadonlyMap<string, string>;
  /** Paths that are in the folder but may not be in a pack, with the reason. */
  refused: ReadonlyMap<string, string>;
  steps: readonly WalkedStep[];
  expressions: readonly FoundExpression[];
  /** Packs that are looked at with it, itself left out: for cycles. */
  others: readonly PackDocument[];
}

/** What a rule found, where in pack.yaml or in another file. */
export interface Finding {
  /** In pack.yaml. */
  path?: readonly (string | number)[];
  /** The key at the path is meant, not its value. */
  key?: boolean;
  /** A piece of the text at the path. */
  piece?: string;
  /** Another file, and the offset or the position in it. */
  file?: string;
  offset?: number;
  place?: { line: number; col: number };
  message: string;
  suggestion?: string | undefined;
  severity?: 'error' | 'warning';
}

export interface LintRule {
  name: string;
  /** What it refuses, one sentence, for the reference. */
  about: string;
  check(pack: LintedPack): Finding[];
}
