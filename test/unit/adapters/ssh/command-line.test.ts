import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { afterMarker } from '../../../../src/adapters/ssh/after-marker.ts';
import { commandLine } from '../../../../src/adapters/ssh/command-line.ts';

test.each([
  ['plain words', ['printf', '[%s]', 'a', 'a b', '$x `y` "z"', '']],
  ['words that no quotes keep in every shell', ['printf', '[%s]', "it's", 'a\nb\n', 'back\\', 'a!b', '']],
])('%s: the marker, the process, then what the command says', (_, argv) => {
  const line = commandLine(argv, 'marker-');
  expect(line).not.toContain('\n');
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
  expect(stderr).toMatch(/^marker-\d+\n$/);
  expect(stdout.replace(/^marker-\d+\n/, '')).toBe(
    argv
      .slice(2)
      .map((word) => `[${word}]`)
      .join(''),
  );
});

async function after(chunks: string[]): Promise<{ said: string; pids: number[] }> {
  const pids: number[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  return { said: await text(stream.pipe(afterMarker('chp-1-', (pid) => pids.push(pid)))), pids };
}

test.each<[string, string[], string, number[]]>([
  ['at once', ['chp-1-42\nout'], 'out', [42]],
  ['behind noise', ['noise\nmore chp-', '1-', '42', '\nou', 't chp-1-7\n'], 'out chp-1-7\n', [42]],
  ['nothing said', ['chp-1-42\n'], '', [42]],
  ['never', ['noise ', 'chp-1-4'], 'noise chp-1-4', []],
  ['never, at length', ['x'.repeat(300_000), 'chp-1-4\n'], `${'x'.repeat(300_000)}chp-1-4\n`, []],
])('the marker comes %s', async (_, chunks, said, pids) => {
  expect(await after(chunks)).toEqual({ said, pids });
});
