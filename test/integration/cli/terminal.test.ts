import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../../src/core/exit-codes.ts';
import { Chp } from '../../support/chp.ts';
import { KEYS, Terminal } from '../../support/terminal.ts';

/** What a person sees and types at a real terminal, and what nobody is asked in a pipeline. */
const chp = new Chp({ NO_COLOR: undefined });
afterAll(async () => {
  await chp.run(['tenant', 'destroy', 'pia', '--yes']);
  chp.cleanUp();
});

const ESCAPE = '\x1b';
/** Select Graphic Rendition: what colours are made with. */
const COLOUR = new RegExp(`${ESCAPE}\\[(?:\\d+;)*(?:3[0-8]|9[0-7]|1|2)(?:;\\d+)*m`);
/** Moves of the cursor and what clears the screen. */
const MOVES = new RegExp(`${ESCAPE}\\[\\d*[ABCDGHJK]`);
const terminal = (args: string[], env: NodeJS.ProcessEnv = {}) => new Terminal(chp.argv(args), { ...chp.env, ...env });
/** All that a command could have left, but for compiled code. */
const left = () => readdirSync(chp.home, { recursive: true }).filter((path) => !String(path).startsWith('cache'));

describe('chp tenant create without flags', () => {
  test.each([
    ['the first question', [] as string[]],
    ['the second', ['pia', KEYS.enter]],
    ['the last', ['pia', KEYS.enter, KEYS.enter]],
  ])('Ctrl-C at %s: exit 130, and nothing is changed', async (_, keys) => {
    await using asked = terminal(['tenant', 'create']);
    const questions = ['Name of the tenant', 'Host (', 'Model:'];
    await asked.shows(questions[0] as string);
    for (const [index, key] of keys.entries()) {
      asked.type(key);
      if (key === KEYS.enter) await asked.shows(questions[index === 1 ? 1 : 2] as string);
    }
    asked.type(KEYS.ctrlC);
    expect(await asked.ends()).toBe(EXIT_CODES.interrupted.code);
    expect(asked.text).toContain('(INTERRUPTED, exit 130)');
    expect(asked.text).not.toMatch(/\n\s+at /);
    expect(left()).toEqual([]);
  });

  test.each([
    ['all', [], 'missing: the name, --host, --model'],
    ['the host', ['pia', '--model', 'demo'], 'missing: --host'],
    ['the model', ['pia', '--host', 'local'], 'missing: --model'],
  ])('in a pipe it never asks, and says what is missing: %s', async (_, args, missing) => {
    const { code, stdout, stderr } = await chp.run(['tenant', 'create', ...args], { input: 'pia\nlocal\ndemo\n' });
    expect({ code, stdout }).toEqual({ code: EXIT_CODES.usage.code, stdout: '' });
    expect(stderr).toContain(`Error: ${missing}\n`);
    expect(stderr).toContain('Next: chp tenant create demo --host local --model demo');
    expect(stderr).not.toContain('?');
    expect(left()).toEqual([]);
  });

  test.each([
    ['with CI=true', [], { CI: 'true' }],
    ['with --json', ['--json'], {}],
  ])('nor on a terminal %s', async (_, flags, env) => {
    await using silent = terminal(['tenant', 'create', ...flags], env);
    expect(await silent.ends()).toBe(EXIT_CODES.usage.code);
    expect(silent.text).toContain('missing: the name, --host, --model');
    expect(silent.text).not.toContain('Name of the tenant');
  });

  test('asks, and creates what was answered; steps are drawn with what they came to', async () => {
    await using asked = terminal(['tenant', 'create']);
    await asked.shows('Name of the tenant');
    asked.type('pia').type(KEYS.enter);
    await asked.shows('Host (`local` for this machine');
    asked.type(KEYS.enter);
    await asked.shows('Model:');
    asked.type(KEYS.down.repeat(3));
    await asked.shows('❯ demo');
    asked.type(KEYS.enter);
    expect(await asked.ends()).toBe(0);
    expect(asked.text).toContain('Next: chp tenant show pia');
    // The list is drawn again and again in place, a finished step with its time.
    expect(asked.drawn).toMatch(MOVES);
    expect(asked.drawn).toMatch(COLOUR);
    expect(asked.text).toMatch(/✔ Connect to local.* \(\d+(\.\d)? s\)/);
    expect(asked.text).not.toContain('Connect to local …');
    expect((await chp.json(['tenant', 'show', 'pia'])).record).toMatchObject({ name: 'pia', host: 'local' });
    expect((await chp.run(['tenant', 'export', 'pia'])).stdout).toMatch(/model:\n {2}provider: demo\n/);
  });
});

describe('progress', () => {
  const STARTS = /^Connect to local …$/m;
  const ENDS = /^Connect to local: done in \d+(\.\d)? s/m;

  test('on a terminal with NO_COLOR: drawn in place, without colours', async () => {
    await using drawn = terminal(['tenant', 'apply', 'pia'], { NO_COLOR: '1' });
    expect(await drawn.ends()).toBe(0);
    expect(drawn.drawn).toMatch(MOVES);
    expect(drawn.drawn).not.toMatch(COLOUR);
    expect(drawn.text).not.toMatch(STARTS);
    expect(drawn.text).toContain('✓');
  });

  test('on a terminal with CI=true: plain lines that stay', async () => {
    await using plain = terminal(['tenant', 'plan', 'pia'], { CI: 'true' });
    expect(await plain.ends()).toBe(0);
    expect(plain.text).toMatch(STARTS);
    expect(plain.text).toMatch(ENDS);
    expect(plain.drawn).not.toMatch(MOVES);
  });

  test.each([[{}], [{ CI: 'true' }], [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }]])(
    'in a pipe: plain lines on standard error, the result alone on standard output, no escape codes (%j)',
    async (env) => {
      const { code, stdout, stderr } = await chp.run(['tenant', 'plan', 'pia'], { env });
      expect(code).toBe(0);
      expect(stderr).toMatch(STARTS);
      expect(stderr).toMatch(ENDS);
      expect(stdout).toBe('pia: nothing to change. The host is as the document says.\n');
      expect(`${stdout}${stderr}`).not.toContain(ESCAPE);
    },
  );
});

describe('chp tenant destroy', () => {
  test('asks; no is the default, and changes nothing', async () => {
    for (const key of [KEYS.enter, KEYS.ctrlC]) {
      await using asked = terminal(['tenant', 'destroy', 'pia']);
      await asked.shows('(y/N)');
      asked.type(key);
      expect(await asked.ends()).toBe(EXIT_CODES.interrupted.code);
    }
    expect((await chp.json(['tenant', 'plan', 'pia', '--exit-code'])).empty).toBe(true);
  });

  test('and does it when it is told so', async () => {
    await using asked = terminal(['tenant', 'destroy', 'pia']);
    await asked.shows('(y/N)');
    asked.type('y').type(KEYS.enter);
    expect(await asked.ends()).toBe(0);
    expect(await chp.json(['tenant', 'list'])).toEqual([]);
  });
});

describe('what went wrong', () => {
  const wrong = ['tenant', 'show'];

  test('in colours on a terminal, in none with NO_COLOR, although nothing was parsed', async () => {
    await using coloured = terminal(wrong);
    expect(await coloured.ends()).toBe(EXIT_CODES.usage.code);
    expect(coloured.drawn).toMatch(COLOUR);
    await using plain = terminal(wrong, { NO_COLOR: '1' });
    expect(await plain.ends()).toBe(EXIT_CODES.usage.code);
    expect(plain.drawn).not.toContain(ESCAPE);
  });

  test('standard error into a file gets no colours, although standard output is a terminal', async () => {
    const log = join(chp.home, 'cache', 'log');
    const command = chp
      .argv(wrong)
      .map((word) => `'${word}'`)
      .join(' ');
    await using shell = new Terminal(['sh', '-c', `${command} 2>'${log}'`], chp.env);
    expect(await shell.ends()).toBe(EXIT_CODES.usage.code);
    expect(readFileSync(log, 'utf8')).toMatch(/^Error: /);
  });
});

describe('chp autocomplete', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chp-complete-'));
  const env = { XDG_CACHE_HOME: dir };
  afterAll(() => rmSync(dir, { recursive: true }));
  const script = async (shell: string): Promise<string> => {
    const { code, stdout } = await chp.run(['autocomplete', 'script', shell], { env });
    expect(code).toBe(0);
    return stdout;
  };

  test('says for each shell how to set it up, and writes what the printed script loads', async () => {
    for (const shell of ['bash', 'zsh']) {
      const { code, stdout } = await chp.run(['autocomplete', shell], { env });
      expect(code).toBe(0);
      expect(stdout).toContain(`chp autocomplete script ${shell}`);
      const loaded = /_SETUP_PATH=(\S+) /.exec(await script(shell))?.[1] ?? '';
      expect(readFileSync(loaded, 'utf8')).toContain(join(dir, 'chp/autocomplete/functions', shell));
    }
    const zsh = readFileSync(join(dir, 'chp/autocomplete/functions/zsh/_chp'), 'utf8');
    expect(zsh).toMatch(/^#compdef chp\n/);
    expect(zsh.split('\n_chp_tenant() {')[1]).toContain('--model-url"[Base URL');
  });

  test('in a real bash, Tab completes a command and a flag', async () => {
    const rc = join(dir, 'bashrc');
    writeFileSync(rc, `PS1='ready> '\n${await script('bash')}`);
    await using bash = new Terminal(['bash', '--rcfile', rc, '-i'], { ...chp.env, ...env });
    await bash.shows('ready> ');
    bash.type(`chp ten${KEYS.tab}`);
    await bash.shows('chp tenant ');
    bash.type(`cr${KEYS.tab}`);
    await bash.shows('create ');
    bash.type(`--ho${KEYS.tab}`);
    await bash.shows('--host ');
    bash.type(`${KEYS.clearLine}exit 0${KEYS.enter}`);
    expect(await bash.ends()).toBe(0);
  });
});
