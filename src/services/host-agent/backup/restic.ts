import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup, BackupRetention } from '../../../core/backups.ts';
import { ChpError } from '../../../core/errors.ts';
import { jsonLines } from '../json-lines.ts';
import { run } from '../run.ts';

const LONG_MS = 6 * 3600_000;
const NO_REPOSITORY = /Is there a repository at|unable to open config file/;
const LOCKED = /unable to create lock|repository is already locked/;

interface Snapshot {
  id: string;
  short_id: string;
  time: string;
  tags?: string[];
}

/** A tenant's backups in a restic repository: encrypted, deduplicated. Its key goes in by standard input, and nowhere else. */
export class Restic {
  readonly #repository: string;
  readonly #key: string;

  constructor(repository: string, key: string) {
    this.#repository = repository;
    this.#key = key;
  }

  /** Makes the repository where there is none. */
  async prepare(): Promise<void> {
    const known = await this.#restic(['cat', 'config'], { allowFailure: true });
    if (known.code === 0) return;
    if (/wrong password|no key found/.test(known.stderr)) throw refused(known.stderr);
    if (this.#repository.startsWith('/')) await mkdir(this.#repository, { recursive: true, mode: 0o700 });
    await this.#restic(['init']);
  }

  /** Backs up what lies in a folder, under names relative to it. */
  async create(dir: string, tags: Record<string, string>): Promise<{ id: string; addedBytes: number; files: number }> {
    const named = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
    const args = ['backup', '--json', '--host', 'chp', ...named.flatMap((tag) => ['--tag', tag]), '.'];
    const { stdout } = await this.#restic(args, { cwd: dir });
    const summary =
      jsonLines<Record<string, unknown>>(stdout).findLast((line) => line.message_type === 'summary') ?? {};
    return {
      id: String(summary.snapshot_id).slice(0, 8),
      addedBytes: Number(summary.data_added),
      files: Number(summary.total_files_processed),
    };
  }

  /** Oldest first. */
  async list(): Promise<Backup[]> {
    const { code, stdout, stderr } = await this.#restic(['snapshots', '--json', '--host', 'chp'], {
      allowFailure: true,
    });
    if (code !== 0 && NO_REPOSITORY.test(stderr)) return [];
    if (code !== 0) throw refused(stderr);
    // Before it stands how it took the password.
    return (JSON.parse(stdout.slice(stdout.indexOf('['))) as Snapshot[]).map(({ short_id: id, time, tags = [] }) => {
      const tag = (name: string) => tags.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
      return { id, at: new Date(time).toISOString(), generation: tag('generation'), runtime: tag('runtime') };
    });
  }

  /** The backup meant. @throws NOT_FOUND naming what there is */
  async find(id: string | null): Promise<Backup> {
    const all = await this.list();
    const found = id === null ? all.at(-1) : all.find((backup) => id.length >= 4 && backup.id.startsWith(id));
    if (found) return found;
    throw new ChpError('NOT_FOUND', id === null ? 'there is no backup yet' : `there is no backup ${id}`, {
      next: all.map((backup) => `There is ${backup.id} of ${backup.at}.`),
    });
  }

  /** Its structure, and every byte of it. @throws INTEGRITY */
  async verify(): Promise<void> {
    await this.#restic(['check', '--read-data']);
  }

  /** Writes a backup below `dir`, which must not be there yet. */
  async restore(id: string, dir: string): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await this.#restic(['restore', id, '--target', dir]);
  }

  /** @returns how many went */
  async forget({ last, daily, weekly }: BackupRetention): Promise<number> {
    const before = (await this.list()).length;
    const keep = ['--keep-last', last, '--keep-daily', daily, '--keep-weekly', weekly].map(String);
    await this.#restic(['forget', '--host', 'chp', '--group-by', 'host', ...keep, '--prune']);
    return before - (await this.list()).length;
  }

  async #restic(args: string[], options: { cwd?: string; allowFailure?: boolean } = {}) {
    const { allowFailure = false, ...where } = options;
    const all = ['--repo', this.#repository, '--no-cache', ...args];
    const attempt = () => run('restic', all, { ...where, input: this.#key, deadlineMs: LONG_MS, allowFailure: true });
    let ended = await attempt().catch((error: Error) => {
      throw /ENOENT/.test(error.message) ? lacksRestic() : error;
    });
    // Whoever held it was killed: the tenant's own lock says that nobody else is at work.
    if (ended.code !== 0 && LOCKED.test(ended.stderr)) {
      await run('restic', [...all.slice(0, 3), 'unlock'], { input: this.#key, allowFailure: true });
      ended = await attempt();
    }
    if (ended.code !== 0 && !allowFailure) throw refused(ended.stderr);
    return ended;
  }
}

/** Bytes and files below a folder. */
export async function sizeOf(dir: string): Promise<{ bytes: number; files: number }> {
  if (!existsSync(dir)) return { bytes: 0, files: 0 };
  const { stdout } = await run('du', ['--summarize', '--bytes', '--apparent-size', dir], { deadlineMs: LONG_MS });
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return { bytes: Number.parseInt(stdout, 10), files: entries.filter((entry) => entry.isFile()).length };
}

export const repositoryOf = (to: string | null, backups: string): string => to ?? join(backups, 'repository');

const lacksRestic = (): ChpError =>
  new ChpError('HOST_UNFIT', 'restic is not on the host', {
    next: ['apt-get install restic', 'Or say `backups: {}` in tenant.yaml, then chp tenant apply.'],
  });

function refused(why: string): ChpError {
  const wrong = /wrong password|no key found/.test(why);
  return new ChpError('INTEGRITY', wrong ? 'the backups are encrypted with another key' : 'restic refused', {
    why: why.slice(-800),
  });
}
