import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Chp } from '../../support/chp.ts';

/** `chp pack init|lint|graph|verbs` as an author uses them, in a folder with a space in its name. */
const chp = new Chp();
const work = mkdtempSync(join(tmpdir(), 'my packs '));
const dir = join(work, 'Garden Watch');
afterAll(() => {
  chp.cleanUp();
  rmSync(work, { recursive: true });
});

test('init writes a pack that works, once', async () => {
  const made = await chp.json(['pack', 'init', dir, '--yes', '--author', 'Ana: "gardener" <ana@example.org>']);
  expect(made).toMatchObject({
    dir,
    id: 'garden-watch',
    version: '0.1.0',
    fixtures: expect.arrayContaining(['told', 'rubbish']),
  });
  expect(readFileSync(join(dir, 'pack.yaml'), 'utf8')).toContain('# What a tenant must have.');
  expect(await chp.json(['pack', 'init', dir, '--yes'], { code: 4 })).toMatchObject({ code: 'CONFLICT' });
  expect(await chp.json(['pack', 'lint', dir])).toEqual([{ dir, id: 'garden-watch', version: '0.1.0', problems: [] }]);
});

test('init asks for what it does not know, or says how to answer', async () => {
  const ended = await chp.run(['pack', 'init', join(work, 'other')]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('Say --id, --description, --author, or --yes');
  const bad = await chp.json(['pack', 'init', join(work, 'other'), '--yes', '--id', 'My Pack'], { code: 2 });
  expect(bad.next).toEqual(['Try "my-pack".']);
});

test('lint names every problem of every pack, and exits with 2', async () => {
  const bad = join(work, 'bad');
  mkdirSync(join(bad, 'prompts'), { recursive: true });
  const good = readFileSync(join(dir, 'pack.yaml'), 'utf8');
  writeFileSync(
    join(bad, 'pack.yaml'),
    good.replace('uses: notify', 'uses: notifi').replace('members.map(m, m.name)', 'member.map(m, m.name)'),
  );
  writeFileSync(join(bad, 'prompts/write.md'), 'Hi ${{ inputs.topik }}\n');
  const ended = await chp.run(['pack', 'lint', dir, bad]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(
    /bad\/pack\.yaml:\d+:11: there is no verb "notifi"; known are .* \[verbs\]\n {6}uses: notifi\n {12}\^ did you mean "notify"\?/,
  );
  expect(ended.stderr).toContain('bad/prompts/write.md:1:8: expression: "topik" is no input of the pack [expressions]');
  const error = (await chp.run(['pack', 'lint', dir, bad, '--json'])).json?.error as any;
  expect(
    error.details.packs.map(({ id, problems }: any) => [
      id,
      problems.filter(({ severity }: any) => severity === 'error').length,
    ]),
  ).toEqual([
    ['garden-watch', 0],
    ['garden-watch', 3],
  ]);
});

test('lint of a folder without a pack, and of none', async () => {
  expect(await chp.json(['pack', 'lint', work], { code: 3 })).toMatchObject({ code: 'NOT_FOUND' });
  expect((await chp.run(['pack', 'lint'])).code).toBe(2);
});

test('graph draws, to standard output or into a file', async () => {
  expect((await chp.run(['pack', 'graph', dir])).stdout).toMatch(/^flowchart TD\n/);
  const file = join(work, 'pack.svg');
  expect(await chp.json(['pack', 'graph', dir, '--format', 'svg', '--output', file])).toMatchObject({
    format: 'svg',
    text: null,
    file,
  });
  expect(readFileSync(file, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
});

test('verbs lists the registry', async () => {
  const { verbs, operations } = await chp.json(['pack', 'verbs']);
  expect(verbs.map(({ name }: any) => name)).toContain('device.call');
  expect(operations).toContainEqual(
    expect.objectContaining({ connector: 'home-assistant', name: 'unlock', risk: 'high', device: true }),
  );
});
