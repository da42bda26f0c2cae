import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { DEFAULT_KEEP } from '../../core/host-generations.ts';
import { tenantLayout } from '../../core/host-layout.ts';

/** What of a tenant's generations is to be kept, as the operator said it. Each answer is a file of its own: no two clash. */
export class Ledger {
  readonly #dir: string;
  readonly #pins: string;
  constructor(root: string, tenant: string) {
    this.#dir = tenantLayout(root, tenant).ledger;
    this.#pins = join(this.#dir, 'pins');
  }

  /** How many generations are kept, the one that runs included. */
  keep(): number {
    const path = join(this.#dir, 'keep');
    const said = existsSync(path) ? Number.parseInt(readFileSync(path, 'utf8'), 10) : Number.NaN;
    return Number.isInteger(said) && said >= 2 ? said : DEFAULT_KEEP;
  }

  setKeep(keep: number): void {
    if (keep === this.keep()) return;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const path = join(this.#dir, 'keep');
    writeFileSync(`${path}.new`, `${keep}\n`, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  }

  pinned(): Digest[] {
    return existsSync(this.#pins) ? readdirSync(this.#pins) : [];
  }

  pin(digest: Digest): void {
    mkdirSync(this.#pins, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.#pins, digest), '', { mode: 0o600, flush: true });
  }

  unpin(digest: Digest): void {
    rmSync(join(this.#pins, digest), { force: true });
  }
}
