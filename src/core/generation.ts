import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { canonicalJson, type Digest, sha256 } from './digest.ts';
import { ChpError } from './errors.ts';

export type Platform = 'linux-x64' | 'linux-arm64';

/** One small file of a generation (config, skill, launcher…); its bytes are an object of the same digest. */
export interface GenerationFile {
  /** Relative, POSIX, no `..`. Well known: `config/gateway.json`, `skills/<name>/…`, `secrets/<NAME>.age`. */
  path: string;
  mode: 0o644 | 0o755 | 0o600;
  sha256: Digest;
  /** Bytes. */
  size: number;
}

/** Limits and needs of one supervised process. */
export interface GenerationService {
  /** `gateway`, `demo-model`, `worker`… unique in the generation. The first listed starts first. */
  name: string;
  /**
   * Command line. `{node}` the shipped node, `{app}` the runtime tree, `{generation}` the generation's directory at its
   * fixed path `current`, `{agent}` the agent file, `{state}`, `{config}`, `{home}`, `{tmp}`, `{logs}`, `{automation}` as
   * in TenantLayout, `{tree:NAME}` one of the generation's further trees.
   */
  argv: readonly string[];
  /** Where Compose runs it: the image under its container, by its name on the host. */
  image?: string;
  /** Same placeholders. Never a secret: those are `credentials`. */
  env: Readonly<Record<string, string>>;
  /** Secret names handed over as credentials and set as variables of the same name for this process only. */
  credentials: readonly string[];
  /** Loopback port that it must answer on; undefined where it has none. */
  port?: number;
  memoryMaxMb: number;
  tasksMax: number;
  /** Seconds a stop may take (longer than its drain). */
  stopTimeoutS: number;
}

/** What the smoke test at the end of an activation drives. */
export interface GenerationChecks {
  /** Gateway port and the secret that holds its token. */
  gateway: { port: number; tokenSecret: string; version: string };
  /** A real turn must end without `stopReason: "error"`. */
  turn: { required: boolean; prompt: string; timeoutS: number };
  /** Skill names that must be eligible. */
  skills: readonly string[];
  /** Configured channels; `muted` ones are only reported. */
  channels: readonly { id: string; muted: boolean }[];
  /** The packs that the worker must have taken in, where there is one. */
  worker?: { packs: readonly { id: string; version: string; digest: Digest }[] };
}

/** Everything a tenant runs at one time. Equal content has an equal digest: no times, no counters in here. */
export interface GenerationManifest {
  schema: 1;
  tenant: string;
  platform: Platform;
  runtime: { name: string; version: string; node: Digest; app: Digest };
  /** Further trees by name: the programs of services that are no single file. */
  trees?: Readonly<Record<string, Digest>>;
  files: readonly GenerationFile[];
  services: readonly GenerationService[];
  checks: GenerationChecks;
  /** Config paths (dotted, `**` allowed at the end) that the family or the agent owns; all others are the operator's. */
  ownership: { family: readonly string[]; agent: readonly string[] };
}

/** Every content-addressed tree that a generation runs from. */
export const treesOf = ({ runtime, trees }: Pick<GenerationManifest, 'runtime' | 'trees'>): Digest[] => [
  ...new Set([runtime.node, runtime.app, ...Object.values(trees ?? {})]),
];

/** A manifest as it travels and is stored: signed by the tenant's key (Ed25519 over the canonical JSON). */
export interface SignedGeneration {
  manifest: GenerationManifest;
  digest: Digest;
  /** base64 */
  signature: string;
}

export function signGeneration(manifest: GenerationManifest, privateKeyPem: string): SignedGeneration {
  const bytes = canonicalJson(manifest);
  return {
    manifest,
    digest: sha256(bytes),
    signature: sign(null, Buffer.from(bytes), createPrivateKey(privateKeyPem)).toString('base64'),
  };
}

/** @throws ChpError INTEGRITY when digest or signature do not match. */
export function verifyGeneration(signed: SignedGeneration, publicKeyPem: string): void {
  const bytes = canonicalJson(signed.manifest);
  if (sha256(bytes) !== signed.digest) throw new ChpError('INTEGRITY', 'the generation does not match its digest');
  if (!verify(null, Buffer.from(bytes), createPublicKey(publicKeyPem), Buffer.from(signed.signature, 'base64')))
    throw new ChpError('INTEGRITY', 'the generation is not signed by this tenant', {
      why: 'The signature does not verify with the key pinned on the host.',
    });
}
