import type { DoctorOptions } from '../../../src/operations/doctor/diagnose.ts';
import type { Hub } from './hub.ts';

/** What must be red, by id of the check. */
export interface Expected {
  verdict?: 'fail' | 'warn';
  /** In its detail. */
  says: RegExp;
  /** In text or command of its fix. */
  fix: RegExp;
  /** What it is about. */
  of?: string;
  automatic?: string;
}

/** One fault: put there, named by the right check with the right fix, and mended again. */
export interface Fault {
  name: string;
  plant(hub: Hub): Promise<unknown> | unknown;
  red: Record<string, Expected>;
  /** Checks that rightly become red along with it. */
  related?: string[];
  undo(hub: Hub): Promise<unknown> | unknown;
  /** Groups that must be well again before the next fault: of what needs a moment to come back. */
  settles?: string[];
  /** Seconds by which this machine's clock is shifted for the look. */
  shiftS?: number;
  /** Everything, unless a shifted clock or another machine would make more red than is planted. */
  look?: Partial<DoctorOptions>;
}

export const APPLY = /^[\s\S]*chp tenant apply smith/;
