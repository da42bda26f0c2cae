import type { TObject, TSchema } from 'typebox';
import type { Risk } from '../schema.ts';

/** A word that `uses` may hold. The registry is closed: what is not in it can't be done by a pack. */
export interface Verb {
  name: string;
  /** One sentence. */
  summary: string;
  /** More for the reference, where a sentence is not enough. */
  notes?: string;
  /** Of `with`, expressions evaluated. */
  input: TObject;
  /** Of `steps.<id>.output`. */
  output: TSchema;
  /** `operation`: that of the connector’s operation, or the device’s action. */
  risk: Risk | 'operation';
  /** `write`: something outside changes, so it happens once a key and not at all in a dry run. */
  effect: 'none' | 'write' | 'operation';
  /** Of one attempt of what leaves the interpreter, milliseconds. */
  timeoutMs: number;
  /** YAML of one step. */
  example: string;
}
