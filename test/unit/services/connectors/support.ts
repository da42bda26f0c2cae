import { VerbFailure } from '../../../../src/core/ports/automation.ts';
import type { Setup } from '../../../../src/services/connectors/config.ts';

export const ZONE = 'Europe/Berlin';

export function setupOf(more: Partial<Setup>): Setup {
  return {
    tenant: 'smith',
    timezone: ZONE,
    url: undefined,
    settings: {},
    secrets: {},
    dataDir: '/nowhere',
    agent: undefined,
    warn: () => {},
    ...more,
  };
}

/** Options of a call; the same key stands for another attempt at the same thing. */
export const options = (key: string = crypto.randomUUID(), signal: AbortSignal = new AbortController().signal) => ({
  key,
  signal,
});

/** The failure of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<VerbFailure> {
  const value = await promise.then(
    (result) => new Error(`it did not fail: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
  if (value instanceof VerbFailure) return value;
  throw value;
}
