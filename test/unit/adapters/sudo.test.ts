import { expect, test } from 'vitest';
import { sudoRefusal } from '../../../src/adapters/sudo.ts';

test.each([
  ['sudo: a password is required\n', 'asks for a password', 'NOPASSWD'],
  ['sudo: a terminal is required to read the password; either use …\n', 'asks for a password', 'NOPASSWD'],
  ['sudo: sorry, you must have a tty to run sudo\n', 'wants a terminal', 'Defaults:ops !requiretty'],
  ['ops is not in the sudoers file.\n', 'may not use sudo', 'sudoers.d/ops'],
  ['Sorry, user ops is not allowed to execute ‘/bin/sh’ as root on hub.\n', 'may not use sudo', 'sudoers.d/ops'],
  ["env: 'sudo': No such file or directory\n", 'there is no sudo', 'Install sudo'],
])('%s', (said, what, next) => {
  const error = sudoRefusal('ops@hub:22', `a banner\n${said}`);
  expect(error).toMatchObject({ code: 'HOST_UNFIT', message: expect.stringContaining(what) });
  expect(error?.next.join()).toContain(next);
});

test('what a command itself says is none of sudo’s', () => {
  expect(sudoRefusal('ops@hub:22', 'psql: a password is required\n')).toBe(null);
});
