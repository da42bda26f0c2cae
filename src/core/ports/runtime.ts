import type { Digest } from '../digest.ts';
import type { GenerationService, Platform } from '../generation.ts';
import type { Tenant } from '../tenant/schema.ts';

/** A gateway package chp can install and drive: clawdbot now, openclaw next. One adapter each. */
export interface RuntimeAdapter {
  readonly name: 'clawdbot' | 'openclaw';
  /** Versions this adapter was tested with; others are refused. */
  readonly versions: readonly string[];
  /** Gateway config (plain JSON; secrets as `${NAME}` only) from the tenant's desired state. Pure. */
  renderConfig(tenant: Tenant): Record<string, unknown>;
  /** Gateway process of a generation. Pure. */
  service(tenant: Tenant): GenerationService;
  /** Names of secrets that the rendered config refers to. Pure. */
  secretNames(tenant: Tenant): string[];
  /** package.json and package-lock.json folder the app tree is built from. */
  readonly lockDir: string;
  /** Globs, relative to the app tree, left out of it. */
  readonly prune: readonly string[];
}

export interface TreeRef {
  digest: Digest;
  /** `<digest>.tar.zst` on the operator's machine. */
  archive: string;
  /** Bytes of the archive, of the content, and number of files. */
  archiveSize: number;
  size: number;
  files: number;
}

/** node + gateway for one platform, content-addressed and reproducible. */
export interface RuntimeBundle {
  platform: Platform;
  runtime: { name: string; version: string };
  node: TreeRef & { version: string };
  app: TreeRef;
  /** sha256 of the canonical JSON of the above without paths and archive sizes. */
  digest: Digest;
}
