import { ChpError } from './errors.ts';

/** RFC 1123 label, ≤ 27 characters so that `chp-<tenant>` stays a legal Linux user name (≤ 31). */
export const TENANT_NAME_PATTERN = '^[a-z0-9](?:[a-z0-9-]{0,25}[a-z0-9])?$';
/** Environment-variable style, as the gateway's `${NAME}` wants it. */
export const SECRET_NAME_PATTERN = '^[A-Z][A-Z0-9_]{0,63}$';

/** The nearest name that is one; empty when nothing is left of it. */
export function nearestTenantName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 27)
    .replace(/-+$/, '');
}

/** Name of a container image: registry and path, then a tag or a digest. */
export const IMAGE_PATTERN = '^[a-z0-9][a-z0-9._:/-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?(?:@sha256:[0-9a-f]{64})?$';

/** @throws ChpError BAD_INPUT with the rule and a suggestion. */
export function assertTenantName(name: string): void {
  if (new RegExp(TENANT_NAME_PATTERN).test(name)) return;
  const nearest = nearestTenantName(name);
  throw new ChpError('BAD_INPUT', `"${name}" can't be a tenant name`, {
    why: 'A tenant name is a DNS label: 1-27 of a-z, 0-9 and "-", not at either end.',
    next: nearest ? [`Try "${nearest}".`] : [],
  });
}

/** Where backups may go, as restic names it: a folder of the host, or another machine. No passwords in it. */
export const BACKUP_PLACE_PATTERN = '^(/[^\\s]+|sftp:[^\\s]+|rest:https?://[^\\s@]+)$';
