import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { HostGenerations } from '../../core/host-generations.ts';
import type { GenerationRecord } from '../../core/ports/registry.ts';

/** One generation, as registry and host know it; either may not. */
export interface KnownGeneration {
  digest: Digest;
  record: GenerationRecord | null;
  host: HostGenerations['generations'][number] | null;
}

/** What registry and host know together; those with a number in their order, then what only the host knows. */
export function knownGenerations(
  records: readonly GenerationRecord[],
  host: HostGenerations | null,
): KnownGeneration[] {
  const onHost = new Map(host?.generations.map((generation) => [generation.digest, generation]));
  const recorded = records.map((record) => ({
    digest: record.digest,
    record,
    host: onHost.get(record.digest) ?? null,
  }));
  const others = [...onHost.values()].filter(({ digest }) => !records.some((record) => record.digest === digest));
  return [...recorded, ...others.map((found) => ({ digest: found.digest, record: null, host: found }))];
}

/** Characters of a digest that name it. */
const SHORTEST = 6;

/**
 * The generation that somebody means by a number or by the beginning of a digest.
 * @throws NOT_FOUND listing what there is; BAD_INPUT when it is the beginning of several
 */
export function findGeneration(tenant: string, known: readonly KnownGeneration[], wanted: string): KnownGeneration {
  const byNumber = known.find(({ record }) => String(record?.number) === wanted);
  if (byNumber) return byNumber;
  const isDigest = new RegExp(`^[0-9a-f]{${SHORTEST},64}$`).test(wanted);
  const [found, ...more] = isDigest ? known.filter(({ digest }) => digest.startsWith(wanted)) : [];
  if (!found) throw notThere(tenant, known, wanted);
  if (more.length > 0)
    throw new ChpError('BAD_INPUT', `${wanted} is the beginning of several generations of ${tenant}`, {
      next: [found, ...more].map(({ digest }) => digest),
    });
  return found;
}

/** NOT_FOUND that says what is there instead. */
export function notThere(
  tenant: string,
  known: readonly KnownGeneration[],
  wanted: string,
  why = 'No generation has this number, and no digest begins with it.',
): ChpError {
  const there = known.filter(({ host, record }) => (known.some((one) => one.host) ? host?.stagedAt : record));
  return new ChpError('NOT_FOUND', `${tenant} has no generation ${wanted} to go to`, {
    why,
    next: [...there.map((one) => `There is ${inWords(one)}.`), `chp generation list ${tenant}`],
    details: { there: there.map(({ digest, record }) => ({ number: record?.number ?? null, digest })) },
  });
}

function inWords({ digest, record, host }: KnownGeneration): string {
  const marks = [host?.current ? 'runs' : '', host?.lastProven ? 'last proven' : '', host?.pinned ? 'pinned' : ''];
  const name = record ? `${record.number} (${digest.slice(0, 12)})` : digest.slice(0, 12);
  return [name, ...marks.filter(Boolean)].join(', ');
}
