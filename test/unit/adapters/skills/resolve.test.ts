import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { builtinSkills, identifySkill, resolveSkill } from '../../../../src/adapters/skills/resolve.ts';

const dir = mkdtempSync(join(tmpdir(), 'chp skills '));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const MANUAL = '---\nname: garden\ndescription: "Waters it."\n---\nHow to.\n';

/** A skill folder of its own for each test. */
function skill(files: Record<string, string | Buffer> = { 'SKILL.md': MANUAL }): string {
  const folder = mkdtempSync(join(dir, 'skill-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const refused = (why: RegExp) => expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringMatching(why) });

describe('a folder', () => {
  test('its files in order, with their modes, and nothing hidden', async () => {
    const source = skill({
      'SKILL.md': MANUAL,
      'b.txt': 'b',
      'a/run.sh': '#!/bin/sh\n',
      '.env': 'SECRET=1',
      '.git/config': '[core]',
      'a/.DS_Store': '',
    });
    chmodSync(join(source, 'a/run.sh'), 0o700);
    const { name, description, files } = await resolveSkill({ name: 'garden', source }, '/');
    expect({ name, description }).toEqual({ name: 'garden', description: 'Waters it.' });
    expect(files.map(({ path, mode, bytes }) => [path, mode, bytes.length])).toEqual([
      ['SKILL.md', 0o644, MANUAL.length],
      ['a/run.sh', 0o755, 10],
      ['b.txt', 0o644, 1],
    ]);
  });

  test('is found relative to the document; its name and full path are told', async () => {
    const source = skill();
    expect((await resolveSkill({ name: 'garden', source: `./${source.slice(dir.length + 1)}` }, dir)).name).toBe(
      'garden',
    );
    expect(await identifySkill(source.slice(dir.length + 1), dir)).toEqual({ name: 'garden', source });
  });

  test('Windows line ends and metadata on one line are fine', async () => {
    const manual =
      '---\r\nname: garden\r\ndescription: x\r\nmetadata: {"clawdbot":{"requires":{"bins":["curl"]}}}\r\n---\r\n';
    const source = skill({ 'SKILL.md': manual });
    expect((await resolveSkill({ name: 'garden', source }, '/')).description).toBe('x');
  });
});

describe('what is refused', () => {
  test.each([
    ['no SKILL.md', { 'README.md': '' }, /has no SKILL\.md/],
    ['no frontmatter', { 'SKILL.md': '# Garden\n' }, /block between --- lines/],
    ['another name', { 'SKILL.md': MANUAL.replace('garden', 'kitchen') }, /named "kitchen", not "garden"/],
    ['no name', { 'SKILL.md': '---\ndescription: x\n---\n' }, /named "", not "garden"/],
    ['no description', { 'SKILL.md': '---\nname: garden\n---\n' }, /no description/],
    ['a value of several lines', { 'SKILL.md': '---\nname: garden\ndescription: >\n  x\n---\n' }, /not "key: value"/],
    ['metadata that is no JSON', { 'SKILL.md': '---\nname: garden\ndescription: x\nmetadata: {a}\n---\n' }, /not JSON/],
    ['too much', { 'SKILL.md': MANUAL, big: Buffer.alloc(1024 * 1024) }, /more than 1 MiB/],
    [
      'too many files',
      { 'SKILL.md': MANUAL, ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, ''])) },
      /more than 200 files/,
    ],
    ['a name with a line break', { 'SKILL.md': MANUAL, 'a\nb': '' }, /unusable name: "a\\nb"/],
  ])('%s', async (_, files, why) => {
    await expect(resolveSkill({ name: 'garden', source: skill(files as Record<string, string>) }, '/')).rejects.toEqual(
      refused(why),
    );
  });

  test('links and pipes, before they are opened', async () => {
    const linked = skill();
    symlinkSync('/etc/passwd', join(linked, 'passwd'));
    await expect(resolveSkill({ name: 'garden', source: linked }, '/')).rejects.toEqual(
      refused(/link or a special file/),
    );
    const toFolder = skill();
    symlinkSync('/etc', join(toFolder, 'etc'));
    await expect(resolveSkill({ name: 'garden', source: toFolder }, '/')).rejects.toEqual(refused(/link/));
    const pipe = skill({});
    execFileSync('mkfifo', [join(pipe, 'SKILL.md')]);
    await expect(identifySkill(pipe, '/')).rejects.toEqual(refused(/no plain file/));
    await expect(resolveSkill({ name: 'garden', source: pipe }, '/')).rejects.toEqual(refused(/special file/));
  });

  test('a name that is none', async () => {
    const source = skill({ 'SKILL.md': MANUAL.replace('garden', '../garden') });
    await expect(identifySkill(source, '/')).rejects.toEqual(refused(/its name must be of/));
  });

  test('what is not there says what is', async () => {
    await expect(identifySkill('./nowhere', dir)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(identifySkill('builtin:nowhere', dir)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      next: [expect.stringContaining('household')],
    });
  });

  test.each(['builtin:../skills/household', 'builtin:..', 'builtin:', 'builtin:/etc'])('%s', async (source) => {
    await expect(identifySkill(source, dir)).rejects.toMatchObject({ exitCode: expect.toBeOneOf([2, 3]) });
  });
});

test('every skill that comes with chp can be used', async () => {
  const names = await builtinSkills();
  expect(names).toContain('household');
  for (const name of names)
    expect((await resolveSkill({ name, source: `builtin:${name}` }, '/')).files.length).toBeGreaterThan(0);
});
