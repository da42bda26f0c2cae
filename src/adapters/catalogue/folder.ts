import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import type { LockHolder } from '../../core/ports/registry.ts';
import type { ObjectStore, StoredFile } from './object-store.ts';

const TEMPORARY = '-/chp/tmp';
const LOCK = '-/chp/lock';
const LOCK_WAIT_MS = 120_000;

/** A catalogue in a folder: any web server serves it. Writers of one machine take turns by a lock that the kernel holds. */
export class FolderStore implements ObjectStore {
  readonly location: string;
  readonly #holder: LockHolder | undefined;

  constructor(dir: string, holder?: LockHolder) {
    this.location = dir;
    this.#holder = holder;
  }

  async get(path: string, maxBytes: number): Promise<StoredFile | null> {
    // Whoever may write the folder must not make us wait for a pipe, or follow a link.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const file = await open(this.#at(path), flags).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw unreadable(this.location, path, error);
    });
    if (!file) return null;
    try {
      const { size } = await file.stat().then((found) => {
        if (found.isFile()) return found;
        throw new ChpError('INTEGRITY', `${path} in ${this.location} is not a file`);
      });
      if (size > maxBytes) throw tooLarge(this.location, path, maxBytes);
      const bytes = await file.readFile();
      return { bytes, mark: sha256(bytes) };
    } finally {
      await file.close();
    }
  }

  async create(path: string, bytes: Uint8Array): Promise<boolean> {
    const staged = await this.#stage(path, bytes);
    try {
      await link(staged, this.#at(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(staged, { force: true });
    }
    await syncFolder(dirname(this.#at(path)));
    return true;
  }

  async replace(path: string, bytes: Uint8Array, mark: string | null): Promise<boolean> {
    const held = await this.get(path, Number.MAX_SAFE_INTEGER);
    if ((held?.mark ?? null) !== mark) return false;
    await rename(await this.#stage(path, bytes), this.#at(path));
    await syncFolder(dirname(this.#at(path)));
    return true;
  }

  async list(folder: string): Promise<{ path: string; modified: Date }[]> {
    const entries = await readdir(this.#at(folder), { withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile());
    return Promise.all(
      files.map(async ({ name }) => ({
        path: `${folder}/${name}`,
        modified: (await stat(this.#at(`${folder}/${name}`))).mtime,
      })),
    );
  }

  remove(path: string): Promise<void> {
    return rm(this.#at(path), { force: true });
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#holder) throw new ChpError('INTERNAL', `${this.location} was opened for reading only`);
    await mkdir(this.#at('-/chp'), { recursive: true });
    await using _lock = await acquireFlock(this.#at(LOCK), this.#holder, {
      waitMs: LOCK_WAIT_MS,
      subject: `the catalogue in ${this.location}`,
    });
    // Whoever held the lock before and was killed left these.
    await rm(this.#at(TEMPORARY), { recursive: true, force: true });
    return await work();
  }

  #at(path: string): string {
    return join(this.location, path);
  }

  /** The bytes in a file beside, on the disk, and the folder of `path`. */
  async #stage(path: string, bytes: Uint8Array): Promise<string> {
    await mkdir(dirname(this.#at(path)), { recursive: true });
    await mkdir(this.#at(TEMPORARY), { recursive: true });
    const staged = this.#at(`${TEMPORARY}/${process.pid}-${randomBytes(6).toString('hex')}`);
    const file = await open(staged, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return staged;
  }
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns INTEGRITY: more than anything of that kind has */
export function tooLarge(location: string, path: string, maxBytes: number): ChpError {
  return new ChpError('INTEGRITY', `${path} at ${location} has more than ${maxBytes} bytes`);
}

function unreadable(location: string, path: string, error: NodeJS.ErrnoException): ChpError {
  if (error.code === 'ELOOP') return new ChpError('INTEGRITY', `${path} in ${location} is a link`);
  return new ChpError('HOST_UNREACHABLE', `${path} in ${location} can't be read`, { why: error.message, cause: error });
}
