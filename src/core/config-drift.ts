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
  return owned(base, live, ownership).map(({ keys, owner, a, b }) => ({
    path: keys.join('.'),
    owner,
    base: a,
    live: b,
  }));
}

/**
 * The config to write: the desired one, with what its owners changed on the host since `base` kept.
 * Changes to paths of the operator are dropped: those are converged. Pure.
 */
export function mergeConfig(base: Json, live: Json, desired: Json, ownership: Ownership): JsonObject {
  const merged = structuredClone(desired) as JsonObject;
  for (const { keys, owner, b: value } of owned(base, live, ownership))
    if (owner !== 'operator') setPath(merged, keys, value);
  return merged;
}

/** A config with what was changed on the host. Pure. */
export function applyDrift(config: Json, drift: readonly ConfigDrift[]): JsonObject {
  const changed = structuredClone(config) as JsonObject;
  for (const { path, live } of drift) setPath(changed, path.split('.'), live);
  return changed;
}

function owned(base: Json, live: Json, ownership: Ownership): (Difference & { owner: ConfigDrift['owner'] })[] {
  return differences(base, live).map((found) => ({ ...found, owner: ownerOf(found.keys.join('.'), ownership) }));
}

interface Difference {
  keys: string[];
  a: Json;
  b: Json;
}

function differences(a: Json, b: Json, keys: string[] = []): Difference[] {
  if (isObject(a) && isObject(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((key) => key !== '__proto__')
      .sort()
      .flatMap((key) => differences(own(a, key), own(b, key), [...keys, key]));
  return isDeepStrictEqual(a, b) ? [] : [{ keys, a, b }];
}

const own = (object: JsonObject, key: string): Json => (Object.hasOwn(object, key) ? object[key] : undefined);

function setPath(target: JsonObject, [head, ...rest]: string[], value: Json): void {
  if (head === undefined) return;
  if (rest.length === 0) {
    if (value === undefined) delete target[head];
    else target[head] = value;
    return;
  }
  const below = own(target, head);
  const next: JsonObject = isObject(below) ? below : {};
  target[head] = next;
  setPath(next, rest, value);
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
