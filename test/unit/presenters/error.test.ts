import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ChpError, ERROR_CODES } from '../../../src/core/errors.ts';
import { asChpError, presentError } from '../../../src/presenters/error.ts';
import { isUsageError, unknownCommand, usageError } from '../../../src/presenters/usage.ts';

describe('an error for people', () => {
  test('says what, why, what next, its code and exit code', () => {
    const error = new ChpError('LOCKED', 'smith is being changed', {
      why: 'chp apply runs.',
      next: ['Wait.', 'Look.'],
    });
    expect(stripVTControlCharacters(presentError(error)).split('\n')).toEqual([
      'Error: smith is being changed',
      'Why: chp apply runs.',
      'Next: Wait.',
      '      Look.',
      '(LOCKED, exit 5)',
    ]);
  });

  test('every code has an exit code that is not success', () => {
    for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[])
      expect(new ChpError(code, 'x').exitCode).toBeGreaterThan(0);
  });
});

describe('whatever was thrown', () => {
  test('one of ours stays as it is', () => {
    const error = new ChpError('NOT_FOUND', 'x');
    expect(asChpError(error)).toBe(error);
  });

  test('anything else is a fault in chp, with its cause', () => {
    const cause = new TypeError('x is undefined');
    expect(asChpError(cause)).toMatchObject({ code: 'INTERNAL', exitCode: 1, cause });
    expect(asChpError('a string').code).toBe('INTERNAL');
    expect(asChpError(undefined).code).toBe('INTERNAL');
  });

  test('after a signal it is an interruption, whatever came of it', () => {
    const broken = new ChpError('HOST_UNREACHABLE', 'the connection is gone', { next: ['Try again.'] });
    expect(asChpError(broken, true)).toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
      why: 'the connection is gone',
      next: ['Try again.'],
    });
    expect(asChpError(new DOMException('aborted', 'AbortError'))).toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('what was typed wrong', () => {
  test("oclif's words without its hint, and the flag that was meant", () => {
    const error = Object.assign(new Error('Nonexistent flag: --jsn\nSee more help with --help'), {
      parse: {},
      flags: ['--jsn'],
    });
    expect(isUsageError(error)).toBe(true);
    expect(usageError(error, 'tenant:list', ['json', 'quiet'])).toMatchObject({
      code: 'BAD_INPUT',
      message: 'Nonexistent flag: --jsn',
      next: ['Did you mean "--json"?', 'chp tenant list --help'],
    });
  });

  test('a command near another, and one near none', () => {
    expect(unknownCommand('tenant:lst', ['tenant:list', 'audit:list']).next).toEqual([
      'Did you mean "tenant list"?',
      'chp --help',
    ]);
    expect(unknownCommand('zzz', ['tenant:list']).next).toEqual(['chp --help']);
  });

  test('a fault in a command is not blamed on the operator', () => {
    expect(isUsageError(new Error('boom'))).toBe(false);
  });
});
