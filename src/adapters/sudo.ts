import { ChpError } from '../core/errors.ts';

/** The command through sudo, which never asks, and complains in words that `sudoRefusal` knows. */
export function asRoot(argv: readonly string[]): string[] {
  return ['env', 'LC_MESSAGES=C', 'sudo', '-n', '--', ...argv];
}

const REFUSALS: readonly { said: RegExp; what: string; next: string }[] = [
  {
    said: /^sudo: .*(password|a terminal is required)/im,
    what: 'sudo asks for a password',
    next: 'Give the user passwordless sudo: `USER ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d/USER, or log in as root.',
  },
  {
    said: /^sudo: .*must have a tty/im,
    what: 'sudo wants a terminal',
    next: 'Add to /etc/sudoers.d/USER: `Defaults:USER !requiretty`',
  },
  {
    said: /is not in the sudoers file|^sudo: .*not allowed to|is not allowed to (run|execute)|may not run sudo/im,
    what: 'the user may not use sudo',
    next: 'Add to /etc/sudoers.d/USER: `USER ALL=(ALL) NOPASSWD: ALL`, or log in as root.',
  },
  {
    said: /^env: .*sudo.*No such file/im,
    what: 'there is no sudo',
    next: 'Install sudo, or log in as root.',
  },
];

/** HOST_UNFIT when a command did not run because sudo did not let it; null = it was something else. */
export function sudoRefusal(target: string, stderr: string): ChpError | null {
  const refusal = REFUSALS.find(({ said }) => said.test(stderr));
  if (!refusal) return null;
  return new ChpError('HOST_UNFIT', `${target}: ${refusal.what}`, {
    why: 'chp needs root for units, users and the firewall, and never types passwords.',
    next: [refusal.next.replaceAll('USER', /^([^@]+)@/.exec(target)?.[1] ?? 'USER')],
  });
}
