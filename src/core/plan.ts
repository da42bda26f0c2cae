import type { ConfigDrift } from './agent-protocol.ts';
import type { Digest } from './digest.ts';
import type { GenerationManifest } from './generation.ts';

export interface FileChange {
  path: string;
  change: 'add' | 'change' | 'remove';
}

/** What separates two generations, in the words an operator would use. */
export interface GenerationChange {
  from: Digest | null;
  to: Digest;
  files: FileChange[];
  /** Service names whose command, variables, limits or credentials differ. */
  services: string[];
  runtime: { from: string | null; to: string } | null;
}

export interface InfrastructureChange {
  resource: string;
  op: 'create' | 'update' | 'replace' | 'delete';
  /** Input or output paths that differ; values are never shown for secrets. */
  paths: string[];
}

/** What `apply` would do. `empty` = nothing at all. */
export interface TenantPlan {
  tenant: string;
  empty: boolean;
  infrastructure: InfrastructureChange[];
  generation: GenerationChange | null;
  /** What somebody changed on the host behind chp's back. */
  drift: { config: ConfigDrift[]; files: { path: string; problem: string }[]; services: string[] };
}

/** Compares what runs with what is meant. Pure. */
export function compareGenerations(
  from: GenerationManifest | null,
  to: GenerationManifest,
  digests: { from: Digest | null; to: Digest },
): GenerationChange | null {
  if (digests.from === digests.to) return null;
  const before = new Map(from?.files.map((file) => [file.path, file]));
  const files: FileChange[] = [];
  for (const file of to.files) {
    const old = before.get(file.path);
    if (!old) files.push({ path: file.path, change: 'add' });
    else if (old.sha256 !== file.sha256 || old.mode !== file.mode) files.push({ path: file.path, change: 'change' });
    before.delete(file.path);
  }
  for (const path of before.keys()) files.push({ path, change: 'remove' });

  const oldServices = new Map(from?.services.map((service) => [service.name, JSON.stringify(service)]));
  const services = to.services
    .filter((service) => oldServices.get(service.name) !== JSON.stringify(service))
    .map((service) => service.name);
  for (const name of oldServices.keys()) if (!to.services.some((service) => service.name === name)) services.push(name);

  const name = (m: GenerationManifest) => `${m.runtime.name}@${m.runtime.version}`;
  const runtime = from && name(from) === name(to) ? null : { from: from ? name(from) : null, to: name(to) };
  return { from: digests.from, to: digests.to, files, services, runtime };
}
