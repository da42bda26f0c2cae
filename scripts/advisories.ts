import { spawnSync } from 'node:child_process';
import { packagePath } from '../src/core/package-root.ts';

/**
 * `npm run advisories`: known faults in what users install. A registry that does not answer such questions is said, and
 * is a failure only in GitHub Actions, where one always does.
 */
const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  cwd: packagePath(),
  encoding: 'utf8',
});
interface Report {
  error?: { summary?: string };
  message?: string;
  metadata?: { vulnerabilities: Record<string, number> };
  vulnerabilities?: Record<string, { severity: string }>;
}
const report = parse(stdout);
if (report?.metadata && report.vulnerabilities) {
  const grave = Object.entries(report.vulnerabilities).filter(([, { severity }]) => /high|critical/.test(severity));
  for (const [name, { severity }] of grave) process.stderr.write(`${severity}: ${name} (npm audit tells more)\n`);
  process.stdout.write(grave.length === 0 ? 'No known fault of high severity.\n' : '');
  process.exitCode = grave.length === 0 ? 0 : 1;
} else {
  process.stderr.write(
    `Advisories could not be read: ${report?.message ?? report?.error?.summary ?? 'npm audit gave no report'}\n`,
  );
  process.exitCode = process.env.GITHUB_ACTIONS === 'true' ? 1 : 0;
}

function parse(text: string): Report | null {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return null;
  }
}
