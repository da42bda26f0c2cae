// `npm test [-- FILTER…]`: installs what the tests need, runs the checks and every test, and counts.
// Ends with the line `N passed, N failed`. Runs on the system's node, with nothing installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, pinnedEnv, pinnedNode, root } from './dependencies.js';
import { prepareParts } from './test-parts.js';

const filters = process.argv.slice(2);
const inCi = process.env.CI === 'true';
ensureDependencies();
const node = pinnedNode();
const env = pinnedEnv();
const lacking = prepareParts();
const count = { passed: 0, failed: 0 };

const CHECKS = ['typecheck', 'lint', 'knip', 'manifest:check', 'schemas:check', 'docs:check', 'licences'];
for (const check of filters.length > 0 ? [] : CHECKS) {
  process.stdout.write(`\n== ${check}\n`);
  const { status } = spawnSync('npm', ['run', '--silent', check], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  count[status === 0 ? 'passed' : 'failed'] += 1;
}
for (const project of ['unit', 'integration', 'e2e']) runTests(project);

for (const { name, how, files } of lacking) {
  process.stdout.write(
    `\nLeft out, because ${name} is not there:\n${files.map((file) => `  ${file}\n`).join('')}To run them: ${how}\n`,
  );
  if (inCi) count.failed += Math.max(1, files.length);
}
process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`);
process.exitCode = count.failed > 0 ? 1 : 0;

function runTests(project) {
  process.stdout.write(`\n== ${project} tests\n`);
  const dir = mkdtempSync(join(tmpdir(), 'chp-test-'));
  const report = join(dir, 'report.json');
  const leftOut = lacking.flatMap(({ files }) => files).flatMap((file) => ['--exclude', file]);
  const { status } = spawnSync(
    node,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      project,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...leftOut,
      ...filters,
    ],
    { cwd: root, env, stdio: 'inherit' },
  );
  const { passed, failed } = outcome(report);
  count.passed += passed;
  // A run that died, or an error outside of any test, is a failure, too.
  count.failed += failed === 0 && status !== 0 ? 1 : failed;
  rmSync(dir, { recursive: true, force: true });
}

/** A file that can't even be loaded has no tests to count: it counts as one failure. */
function outcome(report) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const unloaded = testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    );
    return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
