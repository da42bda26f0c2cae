import { Type } from 'typebox';
import { DEFAULT_KEEP } from '../host-generations.ts';
import { BACKUP_PLACE_PATTERN } from '../names.ts';

const closed = { additionalProperties: false } as const;

/** What is kept on the host to go back to. */
export const RetentionSchema = Type.Object(
  {
    generations: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 50,
        default: DEFAULT_KEEP,
        description:
          'Generations kept on the host, the one that runs included; pinned ones come on top. The one that runs and the last proven one are never removed.',
      }),
    ),
  },
  { ...closed, description: 'What is kept to go back to.' },
);

/** Backups kept unless the document says otherwise. */
export const DEFAULT_BACKUPS = { last: 7, daily: 7, weekly: 4 } as const;

const count = (kept: string, standard: number) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, default: standard, description: `${kept} that are kept.` }));

export const BackupsSchema = Type.Object(
  {
    to: Type.Optional(
      Type.String({
        pattern: BACKUP_PLACE_PATTERN,
        maxLength: 500,
        description:
          'Where they go: a folder of the host (a disk of its own), `sftp:user@host:/path` or `rest:https://…`. Without it they lie in the tenant’s folder on the host, and go with the tenant.',
        examples: ['/mnt/usb/chp-smith'],
      }),
    ),
    keepLast: count('Newest backups', DEFAULT_BACKUPS.last),
    keepDaily: count('Days with a backup', DEFAULT_BACKUPS.daily),
    keepWeekly: count('Weeks with a backup', DEFAULT_BACKUPS.weekly),
  },
  { ...closed, description: 'Backups by restic, which is installed on SSH hosts with root where this is set.' },
);
