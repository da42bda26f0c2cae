import { stripVTControlCharacters } from 'node:util';
import chalk from 'chalk';
import { expect, test } from 'vitest';
import { table } from '../../../src/presenters/table.ts';

test('columns as wide as their widest cell, colour not counted, no blanks at line ends', () => {
  const text = table(['NAME', 'PHASE'], [['smith', chalk.green('ready')], ['jo']]);
  expect(
    stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual(['NAME   PHASE', 'smith  ready', 'jo']);
});
