/** What an operation says while it works. Presenters draw it: listr2 on a terminal, plain lines in a pipeline. */
export interface Progress {
  /** Runs `work` as a named step; nested calls are sub-steps. */
  step<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T>;
  note(text: string): void;
  warn(text: string): void;
}

export interface StepHandle extends Progress {
  /** How far: bytes, files, checks. `total` 0 = unknown. */
  update(done: number, total: number, unit: string): void;
  /** Replaces the text behind the title, for example "nothing to do". */
  says(text: string): void;
}
