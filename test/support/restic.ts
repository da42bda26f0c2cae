/** Where Debian's package puts it. */
export const RESTIC = '/usr/bin/restic';
