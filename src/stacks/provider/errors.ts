import { ChpError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts';

/** The engine passes on nothing of a provider's error but its text, so the rest travels in it. */
const MARK = 'chp-error:';

/** An error as a provider should throw it. */
export function encodeError(error: unknown): Error {
  const fault = error instanceof ChpError ? error : new ChpError('INTERNAL', (error as Error).message ?? String(error));
  return new Error(`${fault.message} ${MARK}${Buffer.from(JSON.stringify(fault)).toString('base64')};`);
}

/** The first error of a provider in what the engine printed; null where there is none that is whole. */
export function decodeError(text: string): ChpError | null {
  const encoded = new RegExp(`${MARK}([A-Za-z0-9+/=]+);`).exec(text)?.[1];
  if (!encoded) return null;
  try {
    const { code, message, ...help } = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as ReturnType<
      ChpError['toJSON']
    >;
    return new ChpError(code in ERROR_CODES ? (code as ErrorCode) : 'ENGINE_FAILED', message, help);
  } catch {
    return null;
  }
}

/**
 * A host that was begun but not finished. The engine keeps it in the state as such: the next `up` goes on with it, and
 * `destroy` removes what is there.
 */
export class HalfDone extends Error {
  readonly id: string;
  readonly properties: Record<string, unknown>;
  readonly reasons: string[];

  constructor(id: string, properties: Record<string, unknown>, cause: unknown) {
    const { message } = encodeError(cause);
    super(message);
    this.id = id;
    this.properties = properties;
    this.reasons = [message];
  }
}
