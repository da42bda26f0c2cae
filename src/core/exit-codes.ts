/** The one table of exit codes: it feeds `--help`, docs/exit-codes.md and every error. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done; for `plan`, nothing to change.' },
  unexpected: { code: 1, meaning: 'A fault in chp itself. Please report it.' },
  usage: { code: 2, meaning: 'Bad flag, argument, file or manifest. Nothing was changed.' },
  notFound: { code: 3, meaning: 'No such tenant, member, secret, skill or file.' },
  conflict: { code: 4, meaning: 'It exists already, or changed since it was read.' },
  locked: { code: 5, meaning: 'Another run holds the lock; the message names it and its age.' },
  unreachable: { code: 6, meaning: 'The host could not be reached or refused the login.' },
  hostUnfit: { code: 7, meaning: 'The host lacks something that is required (disk, sudo, glibc, architecture…).' },
  unhealthy: { code: 8, meaning: 'A check failed; what ran before was put back.' },
  changes: { code: 9, meaning: '`plan --exit-code`: there are changes to make.' },
  engine: { code: 10, meaning: 'An engine (Pulumi…) could not be had, or failed.' },
  integrity: { code: 11, meaning: 'A digest, signature or hash chain does not match.' },
  partial: { code: 12, meaning: 'Some of several targets failed; the output says which.' },
  timeout: { code: 13, meaning: 'A deadline passed. What was begun was put back or can be resumed.' },
  findings: { code: 14, meaning: '`doctor`: a check failed; with --strict: or warned.' },
  interrupted: { code: 130, meaning: 'Stopped by a signal. The next run finishes or reverts.' },
} as const;

export type ExitName = keyof typeof EXIT_CODES;
