import type { ConfigDrift } from './agent-protocol.ts';
import { holdsReference, isSecretByName, looksSecret } from './documents/looks-secret.ts';
import { HIDDEN, Redactor } from './redact.ts';

const ONLY_REFERENCES = /^(?:\$\{[A-Z_][A-Z0-9_]*\})+$/;

/**
 * Drift with every value hidden that is one of `secrets`, that stands where `${NAME}` was pushed, or that is a secret by
 * its key or its look. That a path differs, and whose it is, stays to be seen. Pure.
 */
export function hideSecrets(drift: readonly ConfigDrift[], secrets: readonly string[]): ConfigDrift[] {
  const redactor = new Redactor();
  redactor.add(...secrets);
  return drift.map(({ path, owner, base, live }) => {
    const pushed = textsOf(base);
    const isSecretPlace = pushed.some(holdsReference);
    const hide = (key: string, value: string): string => {
      if (pushed.includes(value) || ONLY_REFERENCES.test(value)) return value;
      if (isSecretPlace || secrets.includes(value) || isSecretByName(key, value) || looksSecret(value)) return HIDDEN;
      return redactor.text(value);
    };
    const key = path.slice(path.lastIndexOf('.') + 1);
    return { path: redactor.text(path), owner, base: redactor.json(base), live: mapTexts(live, key, hide, redactor) };
  });
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function mapTexts(value: unknown, key: string, hide: (key: string, value: string) => string, keys: Redactor): unknown {
  if (typeof value === 'string') return hide(key, value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, key, hide, keys));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [keys.text(name), mapTexts(item, name, hide, keys)]);
  return Object.fromEntries(entries);
}
