import { IDENTITY_SECRETS } from './identity.ts';

/** How a secret looks on the wire (Pulumi's "secret" signature, sdk/go/common/resource/properties.go). */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const IS_SECRET = '1b47061264138c4ac30d75fd1eb44270';

const SECRETS: ReadonlySet<string> = new Set(IDENTITY_SECRETS);

/** The engine hands secrets over wrapped. */
export function reveal<T>(properties: T): T {
  return Object.fromEntries(
    Object.entries(properties as Record<string, unknown>).map(([name, value]) => {
      const wrapped = value as Record<string, unknown> | null;
      return [name, typeof value === 'object' && wrapped?.[SIGNATURE] === IS_SECRET ? wrapped.value : value];
    }),
  ) as T;
}

/** What must be encrypted in the state goes back wrapped, in inputs as in outputs. */
export function conceal(properties: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      SECRETS.has(name) && typeof value === 'string' ? { [SIGNATURE]: IS_SECRET, value } : value,
    ]),
  );
}
