import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import type { ChpHome } from '../../core/home.ts';
import type { SeenSnapshot } from '../../packs/snapshot.ts';
import { writePrivate } from '../keys/private-files.ts';

/** What this machine saw of a catalogue before: who shows less, or something else, shows an old state or a false one. */
export interface Seen {
  snapshot: SeenSnapshot | null;
  /** For a live registry, which keeps no snapshot: integrity of every version, by package. */
  versions: Record<string, Record<string, string>>;
}

export interface CatalogueMemory {
  read(): Seen;
  /** Never goes back: an older snapshot than the one that is there is not kept. */
  remember(seen: Partial<Seen>): void;
}

/** One 0600 file a catalogue. Another location under the same name is another catalogue. */
export function fileMemory(home: Pick<ChpHome, 'dir'>, name: string, location: string): CatalogueMemory {
  const path = memoryPath(home, name);
  const read = (): Seen => {
    const found = readMemory(path);
    return found?.location === location ? found : { snapshot: null, versions: {} };
  };
  return {
    read,
    remember(seen) {
      const before = read();
      const next = merged(before, seen);
      if (JSON.stringify(next) === JSON.stringify(before)) return;
      mkdirSync(join(home.dir, FOLDER), { recursive: true, mode: 0o700 });
      writePrivate(path, `${JSON.stringify({ location, ...next }, null, 1)}\n`);
    },
  };
}

/** Forgets a catalogue, which its operator says was made anew. */
export function forget(home: Pick<ChpHome, 'dir'>, name: string): void {
  rmSync(memoryPath(home, name), { force: true });
}

/** For readings that leave no trace. */
export function noMemory(): CatalogueMemory {
  let held: Seen = { snapshot: null, versions: {} };
  return {
    read: () => held,
    remember: (seen) => {
      held = merged(held, seen);
    },
  };
}

function merged(before: Seen, seen: Partial<Seen>): Seen {
  const newer = seen.snapshot && seen.snapshot.sequence >= (before.snapshot?.sequence ?? 0);
  const versions = { ...before.versions };
  for (const [name, known] of Object.entries(seen.versions ?? {})) versions[name] = { ...versions[name], ...known };
  return { snapshot: newer ? (seen.snapshot ?? null) : before.snapshot, versions };
}

const FOLDER = 'catalogues-seen';
const memoryPath = (home: Pick<ChpHome, 'dir'>, name: string): string => join(home.dir, FOLDER, `${name}.json`);

function readMemory(path: string): (Seen & { location: string }) | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const read = JSON.parse(text) as Seen & { location: string };
    if (typeof read.location === 'string' && typeof read.versions === 'object') return read;
  } catch {}
  throw new ChpError('INTEGRITY', `${path} can't be read`, {
    why: 'It holds what was seen of the catalogue before, and guards against older states of it.',
    next: ['Put it back from a backup; or remove it, when the catalogue can be trusted as it is now.'],
  });
}
