import type { Tenant } from '../core/tenant/schema.ts';
import { CONNECTORS } from './connectors/index.ts';

/**
 * Secrets that a connector of a tenant is given: as the tenant names them, else as the connector's table does. What
 * is not needed because another one is given, or may be left out and is not named, is not among them.
 */
export function connectorSecrets({ connectors }: Pick<Tenant, 'connectors'>, name: string): string[] {
  const given = connectors[name]?.secrets ?? {};
  const table = Object.entries(CONNECTORS[name]?.secrets ?? {}).flatMap(([key, secret]) => {
    const named = given[key];
    if (named !== undefined) return [named];
    const needless = secret.optional || (secret.unless !== undefined && given[secret.unless] !== undefined);
    return needless ? [] : [secret.name];
  });
  return [...new Set([...table, ...Object.values(given)])];
}
