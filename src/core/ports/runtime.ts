import type { Digest } from '../digest.ts';
import type { GenerationService, Platform } from '../generation.ts';
import type { TenantLayout } from '../host-layout.ts';
import type { Tenant } from '../tenant/schema.ts';

/** A gateway package chp can install and drive. One adapter each. */
export interface RuntimeAdapter {
  readonly name: 'clawdbot' | 'openclaw';
  /** The version that comes with this chp; others are taken from bundle files. */
  readonly version: string;
  /** Seconds that a start takes on a small hub, caches filled. */
  readonly coldStartS: number;
  /** Folder with the package.json and package-lock.json that the app tree is built from. */
  readonly lockDir: string;
  /** Paths of the installed tree that it runs without. */
  readonly prune: readonly RegExp[];
  /** Gateway config (plain JSON; secrets as `${NAME}` only) from the tenant's desired state. Pure. */
  renderConfig(tenant: Tenant, layout: TenantLayout): Record<string, unknown>;
  /** Processes of a generation, in the order in which they start. Pure. */
  services(tenant: Tenant): GenerationService[];
  /** Names of secrets that config and services refer to. Pure. */
  secretNames(tenant: Tenant): string[];
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
  /** sha256 of the canonical JSON of platform, runtime, and both tree digests. */
  digest: Digest;
}
