import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 5 * 1024 * 1024;
const KEPT = 3;

/** A log file (0600) that becomes `<file>.1` … `<file>.3` when it reaches 5 MiB. */
export class RotatingLog {
  readonly #path: string;
  #size: number;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  write(bytes: Uint8Array): void {
    if (this.#size + bytes.byteLength > MAX_BYTES) this.#rotate();
    appendFileSync(this.#path, bytes, { mode: 0o600 });
    this.#size += bytes.byteLength;
  }

  #rotate(): void {
    for (let n = KEPT - 1; n >= 0; n--) {
      const from = n === 0 ? this.#path : `${this.#path}.${n}`;
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${this.#path}.${n + 1}`);
    }
    this.#size = 0;
  }
}
