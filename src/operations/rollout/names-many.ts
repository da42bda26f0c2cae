import { ChpError } from '../../core/errors.ts';

/** True where many tenants are meant. @throws BAD_INPUT when it is unclear which */
export function namesMany(
  flags: { all?: boolean | undefined; selector?: string | undefined },
  tenant: string | undefined,
): boolean {
  const ways = [flags.all === true, flags.selector !== undefined, tenant !== undefined].filter(Boolean).length;
  if (ways === 1) return tenant === undefined;
  throw new ChpError('BAD_INPUT', 'either a tenant, --selector or --all must be given', {
    next: ['See them: chp tenant list'],
  });
}
