import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package-root.ts';

/** A folder with the project's own rules, in which violations can be planted. */
const dir = mkdtempSync(join(tmpdir(), 'chp-layers-'));
const rules = JSON.parse(readFileSync(packagePath('biome.json'), 'utf8')) as Record<string, unknown>;
writeFileSync(join(dir, 'biome.json'), JSON.stringify({ ...rules, vcs: { enabled: false }, $schema: undefined }));
mkdirSync(join(dir, 'node_modules'));
cpSync(packagePath('package.json'), join(dir, 'package.json'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the lint rule says about `import … from 'specifier'` in src/`file`; '' = allowed. */
async function verdict(file: string, specifier: string): Promise<string> {
  const path = join(dir, 'src', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `import { thing } from '${specifier}';\n\nexport const used = thing;\n`);
  const biome = packagePath('node_modules', '.bin', 'biome');
  const { stdout, stderr } = await promisify(execFile)(biome, ['lint', '--colors=off', join('src', file)], {
    cwd: dir,
  }).catch((error: { stdout: string; stderr: string }) => error);
  rmSync(path);
  const said = `${stdout}${stderr}`;
  if (!/Checked 1 file/.test(said)) throw new Error(`biome did not check the file: ${said}`);
  return /noRestrictedImports/.test(said) ? said : '';
}

test.each([
  ['core/a.ts', '../adapters/ssh/connect.ts'],
  ['core/ports/a.ts', '../../operations/context.ts'],
  ['core/a.ts', 'ssh2'],
  ['core/a.ts', '@pulumi/pulumi'],
  ['services/host-agent/a.ts', '../../adapters/ssh/connect.ts'],
  ['services/host-agent/a.ts', '../../operations/context.ts'],
  ['services/host-agent/a.ts', '../demo-model/server.ts'],
  ['adapters/ssh/a.ts', '../../operations/context.ts'],
  ['stacks/run/a.ts', '../../commands/base.ts'],
  ['playbooks/facts/a.ts', '../../services/host-agent/store.ts'],
  ['operations/a.ts', '../commands/base.ts'],
  ['operations/a.ts', '../presenters/table.ts'],
  ['presenters/a.ts', '../stacks/run/hub.ts'],
  ['commands/tenant/a.ts', '../../adapters/ssh/connect.ts'],
  ['commands/tenant/a.ts', '../../stacks/run/hub.ts'],
])('src/%s may not import %s', async (file, specifier) => {
  expect(await verdict(file, specifier)).toContain(specifier);
});

test.each([
  ['core/a.ts', './errors.ts'],
  ['core/a.ts', 'node:fs'],
  ['core/a.ts', 'node:stream/promises'],
  ['core/ports/a.ts', '../errors.ts'],
  ['services/host-agent/manager/a.ts', '../store.ts'],
  ['services/host-agent/a.ts', '../../core/errors.ts'],
  ['adapters/ssh/a.ts', 'ssh2'],
  ['stacks/provider/a.ts', '../../playbooks/host-base/flow.ts'],
  ['operations/a.ts', '../stacks/run/hub.ts'],
  ['presenters/a.ts', '../core/errors.ts'],
  ['commands/tenant/a.ts', '../../operations/context.ts'],
])('src/%s may import %s', async (file, specifier) => {
  expect(await verdict(file, specifier)).toBe('');
});
