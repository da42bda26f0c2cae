import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchCase, type CaseResult, measure } from './harness.ts';
import { fillPage, type Machine, machine, markdown, terminal } from './report.ts';

/**
 * `npm run bench [-- NAME…]`: measures all cases, or those whose name holds one of the words. Results of cases that did
 * not run stay as they were, when they are from the same machine. Ends with 1 when a limit is broken.
 */
const HERE = fileURLToPath(new URL('.', import.meta.url));
const RESULTS = join(HERE, 'results', 'latest.json');
const PAGE = join(HERE, '..', 'docs', 'performance.md');

interface Results {
  machine: Machine;
  cases: CaseResult[];
}

async function main(words: readonly string[]): Promise<void> {
  const on = machine();
  const results = await earlier(on);
  let broken = 0;
  for (const bench of await cases(words)) {
    const lacking = await bench.lacks();
    if (lacking) {
      console.log(`${bench.title}\n  left out: ${lacking}\n`);
      continue;
    }
    const result = await measure(bench, (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`));
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(terminal(result));
    broken += result.limits.filter((limit) => !limit.kept).length;
    results.set(result.name, result);
    await save({ machine: on, cases: [...results.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) });
  }
  console.log(broken === 0 ? 'All limits are kept.' : `${broken} limits are broken.`);
  process.exitCode = broken === 0 ? 0 : 1;
}

async function cases(words: readonly string[]): Promise<BenchCase[]> {
  const files = (await readdir(join(HERE, 'cases'))).filter((name) => name.endsWith('.ts')).sort();
  const loaded = await Promise.all(files.map((name) => import(`./cases/${name}`) as Promise<{ default: BenchCase }>));
  return loaded
    .map((module) => module.default)
    .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
}

async function earlier(on: Machine): Promise<Map<string, CaseResult>> {
  if (!existsSync(RESULTS)) return new Map();
  const before = JSON.parse(await readFile(RESULTS, 'utf8')) as Results;
  const same = JSON.stringify(before.machine) === JSON.stringify(on);
  return new Map(same ? before.cases.map((result) => [result.name, result]) : []);
}

async function save(results: Results): Promise<void> {
  await mkdir(join(HERE, 'results'), { recursive: true });
  await replace(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  await replace(PAGE, fillPage(await readFile(PAGE, 'utf8'), markdown(results.machine, results.cases)));
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

await main(process.argv.slice(2));
