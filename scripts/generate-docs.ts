import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AUTOMATIC_FIXES, DOCTOR_GROUPS } from '../src/core/doctor.ts';
import { ERROR_CODES } from '../src/core/errors.ts';
import { EXIT_CODES } from '../src/core/exit-codes.ts';
import { TenantSchema } from '../src/core/tenant/schema.ts';
import { ALL_CHECKS } from '../src/operations/doctor/table.ts';
import { packPage, verbsPage } from './pack-docs.ts';
import { packJsonSchema } from './pack-json-schema.ts';
import { packPages } from './pack-pages.ts';
import { page, rows, type Schema } from './schema-docs.ts';

/**
 * Writes what is generated from the same source as validation; with `--check` it fails when a committed file is not what
 * the source says.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const PACK_PAGES = 'docs/packs';

const pages: Record<string, string> = {
  'schemas/tenant.schema.json': `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...TenantSchema }, null, 2)}\n`,
  'docs/tenant-yaml.md': tenantPage(),
  'schemas/pack.schema.json': `${JSON.stringify(packJsonSchema(), null, 2)}\n`,
  'docs/pack-yaml.md': packPage(),
  'docs/verbs.md': verbsPage(),
  ...(await packPages()),
  'docs/guides/doctor-checks.md': doctorPage(),
  'docs/errors.md': page(
    'Errors',
    'Every error has a code that stays the same; `--json` prints it as `error.code`.',
    ['code', 'exit', 'meaning'],
    Object.entries(ERROR_CODES).map(([code, { exit, doc }]) => [`\`${code}\``, String(EXIT_CODES[exit].code), doc]),
  ),
  'docs/exit-codes.md': page(
    'Exit codes',
    'The same for every command.',
    ['code', 'name', 'meaning'],
    Object.entries(EXIT_CODES).map(([name, { code, meaning }]) => [String(code), name, meaning]),
  ),
};

const check = process.argv.includes('--check');
for (const name of readdirSync(join(root, PACK_PAGES))) {
  const path = `${PACK_PAGES}/${name}`;
  if (path in pages) continue;
  if (check) stale(`${path} is of no pack`);
  else rmSync(join(root, path));
}
for (const [path, text] of Object.entries(pages)) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  if (!check) writeFileSync(file, text);
  else if (read(file) !== text) stale(`${path} is not what the source says`);
}

function stale(what: string): void {
  process.stderr.write(`${what}. Run: npm run docs\n`);
  process.exitCode = 1;
}

function doctorPage(): string {
  const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
  const intro =
    'Every check of `chp doctor`, in the order in which they are told; [doctor.md](doctor.md) says how to read it. A reading that can’t be made is told by one check; those that need it are “not checked”.';
  const checks = Object.keys(DOCTOR_GROUPS).flatMap((group) => ALL_CHECKS.filter((one) => one.group === group));
  return page(
    'Checks of chp doctor',
    intro,
    ['check', 'what it says when it is red', 'what to do', '`--fix`'],
    checks.map(({ id, means, fix }) => [
      code(id),
      means,
      `${fix.text}${fix.command ? ` ${code(fix.command)}` : ''}`.replaceAll('OF', 'NAME'),
      fix.automatic ? AUTOMATIC_FIXES[fix.automatic] : '',
    ]),
  );
}

function tenantPage(): string {
  const example = [
    '```yaml',
    '# yaml-language-server: $schema=https://clawd-home.dev/schemas/tenant.schema.json',
    'schema: 1',
    'name: smith',
    'topology: hub',
    'host: ops@hub.example',
    'timezone: Europe/Berlin',
    'model:',
    '  provider: anthropic',
    '  secret: ANTHROPIC_API_KEY',
    'channels:',
    '  telegram:',
    '    secret: TELEGRAM_TOKEN',
    '    muted: true',
    'skills:',
    '  - name: household',
    '    source: builtin:household',
    'members:',
    '  - id: ana',
    '    name: Ana',
    '    role: Adult',
    '    contacts:',
    '      - kind: telegram',
    '        address: "12345"',
    '    quietHours:',
    '      from: "22:00"',
    '      to: "07:00"',
    'config:',
    '  agents:',
    '    defaults:',
    '      timeoutSeconds: 120',
    '```',
  ].join('\n');
  const intro = `Desired state of one tenant. Unknown keys are errors; every error names file, line and column.\n\n${example}`;
  return page('tenant.yaml', intro, ['key', 'type', 'default', 'meaning'], rows(TenantSchema as unknown as Schema));
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
