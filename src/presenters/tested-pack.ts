import chalk from 'chalk';
import type { TestedPack } from '../operations/packs/test-pack.ts';
import { table } from './table.ts';

export function presentTested({ id, version, fixtures }: TestedPack): string {
  const rows = fixtures.map(({ name, result, ms }) => [name, result.status, `${ms} ms`, chalk.green('passed')]);
  return `${table(['FIXTURE', 'ENDED AS', 'TOOK', ''], rows)}\n\n${id} ${version}: all ${fixtures.length} fixtures passed.`;
}
