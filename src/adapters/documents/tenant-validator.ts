import type { ValidateFunction } from 'ajv';
import { compileSchema } from '../../core/documents/compile-schema.ts';
import { TenantSchema } from '../../core/tenant/schema.ts';

let compiled: ValidateFunction | undefined;

/** The published package has this module compiled already: scripts/build.ts puts ajv's code in its place. */
export function tenantValidator(): ValidateFunction {
  compiled ??= compileSchema(TenantSchema);
  return compiled;
}
