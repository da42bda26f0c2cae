import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../../src/core/exit-codes.ts';
import { Chp } from '../../support/chp.ts';

const chp = new Chp();
afterAll(() => chp.cleanUp());

describe('what was typed wrong', () => {
  test.each([
    { name: 'an unknown command', args: ['tenant', 'lst'], says: 'no command "chp tenant lst"', next: 'tenant list' },
    { name: 'a word too many', args: ['tenant', 'list', 'x'], says: 'no command', next: 'tenant list' },
    { name: 'an unknown topic', args: ['zzz', 'yyy'], says: 'no command "chp zzz yyy"', next: 'chp --help' },
    { name: 'an unknown flag', args: ['tenant', 'list', '--jsn'], says: '--jsn', next: 'Did you mean "--json"?' },
    { name: 'a flag of no value', args: ['audit', 'list', '--limit', 'x'], says: '--limit', next: '--help' },
    { name: 'a value out of range', args: ['audit', 'list', '--limit', '0'], says: 'greater than', next: '--help' },
    { name: 'a choice that is none', args: ['tenant', 'create', 'a', '--model', 'x'], says: 'anthropic', next: 'help' },
    { name: 'a missing argument', args: ['tenant', 'show'], says: 'tenant', next: 'chp tenant show --help' },
    { name: 'no value', args: ['config', 'set', 'smith', 'a.b'], says: 'either a VALUE or --unset', next: '--help' },
    { name: 'help on nothing', args: ['nope', '--help'], says: 'no command "chp nope"', next: 'chp --help' },
  ])('$name: exit 2, what and what next, as text and as JSON', async ({ args, says, next }) => {
    const text = await chp.run(args);
    expect(text.code).toBe(EXIT_CODES.usage.code);
    expect(text.stdout).toBe('');
    expect(text.stderr).toContain(says);
    expect(text.stderr).toContain(next);
    expect(text.stderr).not.toMatch(/\n\s+at /);

    const json = await chp.run([...args, '--json']);
    expect(json.code).toBe(EXIT_CODES.usage.code);
    expect(json.stderr).toBe('');
    expect(json.json).toMatchObject({ ok: false, error: { code: 'BAD_INPUT' } });
    expect(json.json?.error?.next.join('\n')).toContain(next);
  });

  test('what stands behind -- is not read as a flag of chp', async () => {
    const { stdout, stderr, code } = await chp.run(['exec', 'nobody', '--', 'ls', '--json']);
    expect({ stdout, code }).toEqual({ stdout: '', code: EXIT_CODES.notFound.code });
    expect(stderr).toContain('there is no tenant "nobody"');
  });
});

describe('what a script reads', () => {
  test('--json: the result and nothing else, on standard output', async () => {
    const { code, json, stderr } = await chp.run(['tenant', 'list', '--json']);
    expect({ code, json, stderr }).toEqual({ code: 0, json: { ok: true, result: [] }, stderr: '' });
  });

  test('no colour in a pipeline, whatever the terminal is called', async () => {
    const { NO_COLOR: _, ...env } = chp.env;
    const coloured = new Chp({ ...env, NO_COLOR: undefined, TERM: 'xterm-256color' });
    const { stdout, stderr } = await coloured.run(['tenant', 'show', 'nobody']);
    coloured.cleanUp();
    expect(`${stdout}${stderr}`).toContain('Error: there is no tenant');
  });

  test('nothing is asked in a pipeline', async () => {
    const { code, stderr } = await chp.run(['tenant', 'create']);
    expect(code).toBe(EXIT_CODES.usage.code);
    expect(stderr).toContain('Next:');
  });

  test('--help shows every exit code of the table', async () => {
    const root = await chp.run(['--help']);
    for (const { code } of Object.values(EXIT_CODES)) expect(root.stdout).toMatch(new RegExp(`^ {2}${code} `, 'm'));
    const command = await chp.run(['tenant', 'plan', '--help']);
    expect(command.stdout).toContain('EXIT CODES');
    expect(command.stdout).toContain('EXAMPLES');
  });
});

describe('a damaged home', () => {
  test('a registry that is none: exit 11, the file is left as it was', async () => {
    const damaged = new Chp();
    mkdirSync(damaged.home, { recursive: true });
    const file = join(damaged.home, 'registry.db');
    writeFileSync(file, 'this is not a database, and was never meant to be one\n'.repeat(200));
    const { code, json } = await damaged.run(['tenant', 'list', '--json']);
    const left = readFileSync(file, 'utf8');
    damaged.cleanUp();
    expect(code).toBe(EXIT_CODES.integrity.code);
    expect(json?.error).toMatchObject({ code: 'REGISTRY_CORRUPT' });
    expect(left).toMatch(/^this is not a database/);
  });

  test('a home that is a file: an error of chp, no stack', async () => {
    const file = new Chp();
    rmSync(file.home, { recursive: true });
    writeFileSync(file.home, '');
    const { code, stderr } = await file.run(['tenant', 'list']);
    file.cleanUp();
    expect(code).not.toBe(EXIT_CODES.unexpected.code);
    expect(code).not.toBe(0);
    expect(stderr).toContain('Next:');
  });
});
