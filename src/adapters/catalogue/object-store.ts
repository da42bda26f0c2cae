/** A file of a catalogue, and a mark that is another one when its content changed. */
export interface StoredFile {
  bytes: Buffer;
  mark: string;
}

/** Where the files of a catalogue can be read: a folder, a bucket, any static web server. */
export interface FileSource {
  /** For messages and lock files. */
  readonly location: string;
  /** null = not there. @throws INTEGRITY when it has more than `maxBytes`, HOST_UNREACHABLE */
  get(path: string, maxBytes: number): Promise<StoredFile | null>;
}

/** Where they can be written as well. Every file appears whole or not at all. */
export interface ObjectStore extends FileSource {
  /** @returns false when there is one of that path: then nothing was changed */
  create(path: string, bytes: Uint8Array): Promise<boolean>;
  /**
   * Replaces the file that had `mark`; null = there was none.
   * @returns false when somebody else was faster: then nothing was changed
   */
  replace(path: string, bytes: Uint8Array, mark: string | null): Promise<boolean>;
  /** Files below a folder, not those below its folders. */
  list(folder: string): Promise<{ path: string; modified: Date }[]>;
  remove(path: string): Promise<void>;
  /** Keeps other writers out where that is possible; `replace` finds out about them in any case. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}
