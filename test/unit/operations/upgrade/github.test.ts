import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packagePath } from '../../../../src/core/package-root.ts';

/** The action's own script, with a chp that says what it was called with. */
const dir = mkdtempSync(join(tmpdir(), 'chp-action-'));
afterAll(() => rmSync(dir, { recursive: true }));
writeFileSync(join(dir, 'chp'), '#!/bin/sh\nprintf \'{"empty": %s, "argv": "%s"}\\n\' "$EMPTY" "$*"\nexit "$CODE"\n');
chmodSync(join(dir, 'chp'), 0o755);
const read = (...path: string[]) => parse(readFileSync(packagePath('templates', 'github', ...path), 'utf8'));
const [step] = read('upgrade', 'action.yml').runs.steps;

function act(inputs: Record<string, string>, chp = { EMPTY: 'false', CODE: '0' }) {
  const output = join(dir, 'output');
  writeFileSync(output, '');
  const env = { TENANT: 'smith', PLAN: 'plan.json', TO: '', SOAK: '', ...inputs, ...chp };
  const options = {
    env: { ...env, PATH: `${dir}:${process.env.PATH}`, GITHUB_OUTPUT: output },
    stdio: 'pipe' as const,
  };
  let code = 0;
  try {
    execFileSync('bash', ['-c', step.run], options);
  } catch (error) {
    code = (error as { status: number }).status;
  }
  return { code, output: readFileSync(output, 'utf8') };
}

test('every input of the action reaches its script', () => {
  const { inputs } = read('upgrade', 'action.yml');
  const used = Object.values(step.env as Record<string, string>).map((text) => /inputs\.([\w-]+)/.exec(text)?.[1]);
  expect(used.sort()).toEqual(Object.keys(inputs).sort());
});

test('a plan is written, and says whether there is something to do', () => {
  const planned = act({ MODE: 'plan', TO: 'clawdbot@1.0.0' });
  expect(planned.code).toBe(0);
  expect(planned.output).toContain('upgrade smith --plan-file plan.json --dry-run --to clawdbot@1.0.0 --json');
  expect(planned.output).toContain('changes=true');
  expect(act({ MODE: 'plan' }, { EMPTY: 'true', CODE: '0' }).output).toContain('changes=false');
});

test('what is run is the plan, and its exit code is the step’s', () => {
  const run = act({ MODE: 'run', SOAK: '60' }, { EMPTY: 'false', CODE: '8' });
  expect(run.code).toBe(8);
  expect(run.output).toContain('upgrade smith --plan-file plan.json --soak 60 --json');
});

test('an input that holds a command stays text; another mode is refused', () => {
  expect(act({ MODE: 'plan', TENANT: '$(touch pwned)' }).output).toContain('upgrade $(touch pwned) --plan-file');
  expect(act({ MODE: 'destroy' }).code).toBe(2);
});

test('the workflow gives both jobs the same plan, and runs it only when approved', () => {
  const { jobs } = read('upgrade.yml');
  expect(jobs.upgrade).toMatchObject({ needs: 'plan', environment: '${{ inputs.environment }}' });
  const names = [...jobs.plan.steps, ...jobs.upgrade.steps].flatMap(({ with: given }) => given?.name ?? []);
  expect(new Set(names).size).toBe(1);
});
