import type { ChpHome } from '../../core/home.ts';
import type { Progress } from '../../core/ports/progress.ts';
import type { EngineTarget } from './catalogue.ts';

/** An engine that is there, and where it came from. */
export interface FoundEngine {
  name: string;
  version: string;
  /** The binary. */
  path: string;
  source: 'path' | 'cache' | 'download' | 'build';
}

/** For whom an engine is acquired, and how that is said. */
export interface AcquireOptions {
  home: ChpHome;
  env: NodeJS.ProcessEnv;
  progress: Progress;
  signal: AbortSignal;
  /**
   * Set: for such a machine, to be shipped there, so exactly the version of the catalogue and never one on PATH.
   * Else for this one.
   */
  target?: EngineTarget;
}
