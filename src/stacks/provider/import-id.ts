import { ChpError } from '../../core/errors.ts';
import { SYSTEM_ROOT } from '../../core/host-layout.ts';
import { assertTenantName } from '../../core/names.ts';

/** Where a host's base is to be found. */
export interface HostAddress {
  tenant: string;
  host: string;
  root: string;
}

/** Id of a Host resource; with the root, which `pulumi import` has no other way to say. */
export function hostImportId({ tenant, host, root }: HostAddress): string {
  return `${tenant}@${host}#${root}`;
}

/** @throws BAD_INPUT */
export function parseHostId(id: string): HostAddress {
  const [, tenant = '', host = '', root = SYSTEM_ROOT] = /^([^@]+)@([^#]+)(?:#(\/.*))?$/.exec(id) ?? [];
  if (!host)
    throw new ChpError('BAD_INPUT', `"${id}" is not the id of a host`, {
      why: 'An id is <tenant>@<host>, or <tenant>@<host>#<root>.',
    });
  assertTenantName(tenant);
  return { tenant, host, root };
}
