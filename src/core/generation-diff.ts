import type { Digest } from './digest.ts';
import type { GenerationManifest } from './generation.ts';

export interface NamedChange {
  name: string;
  change: 'add' | 'change' | 'remove';
  /** Versions or the like, where it has them. */
  from?: string;
  to?: string;
}

/** What separates two generations, by what an operator calls it. Values of secrets and of the config are never in it. */
export interface GenerationDiff {
  from: Digest;
  to: Digest;
  runtime: { from: string; to: string } | null;
  /** Paths of the gateway's config; null = what one of them was made of is not known any more. */
  config: string[] | null;
  skills: NamedChange[];
  packs: NamedChange[];
  services: NamedChange[];
  channels: NamedChange[];
  /** Names; `change`: another ciphertext, so most likely another value. */
  secrets: NamedChange[];
  /** Anything else that is pushed. */
  files: NamedChange[];
}

const SKILL = /^skills\/([^/]+)\//;
const SECRET = /^secrets\/(.+)\.age$/;
/** Shown by what they stand for, not as files. */
const KNOWN = /^(config\/gateway\.json$|skills\/|secrets\/|packs\/)/;

/** Compares two generations but for `config`, which their manifests do not hold. Pure. */
export function diffGenerations(
  a: GenerationManifest,
  b: GenerationManifest,
  digests: { from: Digest; to: Digest },
): Omit<GenerationDiff, 'config'> {
  const runtime = (m: GenerationManifest) => `${m.runtime.name}@${m.runtime.version}`;
  const changesBy = (key: (manifest: GenerationManifest) => Map<string, { seen: string; shown?: string }>) =>
    changes(key(a), key(b));
  return {
    ...digests,
    runtime: runtime(a) === runtime(b) ? null : { from: runtime(a), to: runtime(b) },
    skills: changesBy((m) => filesBy(m, SKILL)),
    packs: changesBy(
      (m) =>
        new Map(
          (m.checks.worker?.packs ?? []).map(({ id, version, digest }) => [id, { seen: digest, shown: version }]),
        ),
    ),
    services: changesBy((m) => new Map(m.services.map((one) => [one.name, { seen: JSON.stringify(one) }]))),
    channels: changesBy(
      (m) =>
        new Map(m.checks.channels.map(({ id, muted }) => [id, { seen: `${muted}`, shown: muted ? 'muted' : 'on' }])),
    ),
    secrets: changesBy((m) => filesBy(m, SECRET)),
    files: changesBy(
      (m) =>
        new Map(
          m.files
            .filter(({ path }) => !KNOWN.test(path))
            .map(({ path, sha256, mode }) => [path, { seen: `${sha256} ${mode}` }]),
        ),
    ),
  };
}

function filesBy({ files }: GenerationManifest, pattern: RegExp): Map<string, { seen: string }> {
  const found = new Map<string, { seen: string }>();
  for (const { path, sha256, mode } of files) {
    const name = pattern.exec(path)?.[1];
    if (name !== undefined) found.set(name, { seen: `${found.get(name)?.seen ?? ''}${path} ${sha256} ${mode}\n` });
  }
  return found;
}

function changes(
  before: Map<string, { seen: string; shown?: string }>,
  after: Map<string, { seen: string; shown?: string }>,
): NamedChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): NamedChange[] => {
    const [a, b] = [before.get(name), after.get(name)];
    if (a && b && a.seen === b.seen) return [];
    const change = a ? (b ? 'change' : 'remove') : 'add';
    return [
      {
        name,
        change,
        ...(a?.shown === undefined ? {} : { from: a.shown }),
        ...(b?.shown === undefined ? {} : { to: b.shown }),
      },
    ];
  });
}
