import { distance } from 'fastest-levenshtein';
import { ChpError } from '../../core/errors.ts';

export function tenantNotFound(name: string, names: readonly string[]): ChpError {
  const near = nearNames(name, names);
  return new ChpError('TENANT_NOT_FOUND', `there is no tenant "${name}"`, {
    next: [...near.map((other) => `Did you mean "${other}"?`), 'See them all: chp tenant list'],
    details: { tenant: name, near },
  });
}

export function tenantExists(name: string): ChpError {
  return new ChpError('TENANT_EXISTS', `there is a tenant "${name}" already`, {
    next: [`See it: chp tenant show ${name}`, `Converge it: chp tenant apply ${name}`, 'Or choose another name.'],
    details: { tenant: name },
  });
}

export function notFound(what: string, name: string, names: readonly string[]): ChpError {
  const near = nearNames(name, names);
  return new ChpError('NOT_FOUND', `there is no ${what} "${name}"`, {
    next: near.map((other) => `Did you mean "${other}"?`),
    details: { name, near },
  });
}

export function registryNewer(location: string, found: number, known: number): ChpError {
  return new ChpError('REGISTRY_NEWER', `the registry ${location} was written by a newer chp`, {
    why: `It has schema version ${found}; this chp knows up to ${known}.`,
    next: ['Install the newer chp: npm install -g @clawd-home/chp@latest'],
    details: { found, known },
  });
}

/** At most three, the nearest first. */
function nearNames(name: string, names: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3));
  return names
    .map((other) => ({ other, far: distance(name, other) }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far || (a.other < b.other ? -1 : 1))
    .slice(0, 3)
    .map(({ other }) => other);
}
