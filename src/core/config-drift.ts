import { isDeepStrictEqual } from 'node:util';
import type { ConfigDrift } from './agent-protocol.ts';

export interface Ownership {
  family: readonly string[];
  agent: readonly string[];
}

type Json = unknown;
type JsonObject = Record<string, Json>;

/** Stamps that the gateway writes into its own file; they are nobody's change. */
const STAMPS = ['meta.**', 'wizard.**'];

/** Who owns a dotted path. `a.**` owns `a` and all below; `*` stands for one segment. */
export function ownerOf(path: string, ownership: Ownership): ConfigDrift['owner'] {
  if (matchesAny(path, STAMPS) || matchesAny(path, ownership.agent)) return 'agent';
  return matchesAny(path, ownership.family) ? 'family' : 'operator';
}

/** Every leaf where the live file differs from the one that was applied. Pure. */
export function configDrift(base: Json, live: Json, ownership: Ownership): ConfigDrift[] {
  return differences(base, live).map(({ path, a, b }) => ({ path, owner: ownerOf(path, ownership), base: a, live: b }));
}

/**
 * The config to write: the desired one, with what its owners changed on the host since `base` kept.
 * Changes to paths of the operator are dropped: those are converged. Pure.
 */
export function mergeConfig(base: Json, live: Json, desired: Json, ownership: Ownership): JsonObject {
  const merged = structuredClone(desired) as JsonObject;
  for (const { path, owner, live: value } of configDrift(base, live, ownership))
    if (owner !== 'operator') setPath(merged, path.split('.'), value);
  return merged;
}

function differences(a: Json, b: Json, path = ''): { path: string; a: Json; b: Json }[] {
  if (isObject(a) && isObject(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .sort()
      .flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
  return isDeepStrictEqual(a, b) ? [] : [{ path, a, b }];
}

function setPath(target: JsonObject, [head, ...rest]: string[], value: Json): void {
  if (head === undefined) return;
  if (rest.length === 0) {
    if (value === undefined) delete target[head];
    else target[head] = value;
    return;
  }
  if (!isObject(target[head])) target[head] = {};
  setPath(target[head] as JsonObject, rest, value);
}

function matchesAny(path: string, patterns: readonly string[]): boolean {
  const segments = path.split('.');
  return patterns.some((pattern) => {
    const wanted = pattern.split('.');
    const deep = wanted.at(-1) === '**';
    if (deep) wanted.pop();
    if (deep ? segments.length < wanted.length : segments.length !== wanted.length) return false;
    return wanted.every((segment, i) => segment === '*' || segment === segments[i]);
  });
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
