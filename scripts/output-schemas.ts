import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packagePath } from '../src/core/package-root.ts';
import { type JsonSchema, schemaOf } from './type-schema.ts';

/**
 * Writes schemas/output/<command>.json: what each command prints with --json, from the type of the result it returns.
 * They are committed, so that a change to what scripts read shows in the diff; `--check` fails when they are stale.
 */
const OUT = packagePath('schemas', 'output');

const files = globSync('src/commands/**/*.ts', { cwd: packagePath() })
  .filter((path) => !/\/(base|args|help)\.ts$/.test(path))
  .sort();
const { config } = ts.readConfigFile(packagePath('tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, packagePath());
const program = ts.createProgram(
  files.map((path) => packagePath(path)),
  options,
);
const checker = program.getTypeChecker();

const wanted = new Map<string, string>();
for (const path of files) {
  const id = path.replace(/^src\/commands\/|\.ts$/g, '').replaceAll('/', ' ');
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `chp ${id} --json`,
    type: 'object',
    properties: { ok: { const: true }, result: resultOf(path) },
    required: ['ok', 'result'],
    additionalProperties: false,
  };
  wanted.set(`${id.replaceAll(' ', '-')}.json`, `${JSON.stringify(schema, null, 2)}\n`);
}

/** Schema of the first element of every pair that `perform` returns. */
function resultOf(path: string): JsonSchema {
  const results: ts.Type[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && !ts.isMethodDeclaration(node)) return;
    if (ts.isReturnStatement(node) && node.expression && ts.isArrayLiteralExpression(node.expression)) {
      const [result] = node.expression.elements;
      if (result) results.push(checker.getTypeAtLocation(result));
    }
    ts.forEachChild(node, visit);
  };
  const find = (node: ts.Node): void => {
    if (ts.isMethodDeclaration(node) && node.name.getText() === 'perform') visit(node);
    else ts.forEachChild(node, find);
  };
  const source = program.getSourceFile(packagePath(path));
  if (source) find(source);
  const schemas = new Map(results.map((type) => schemaOf(type, checker)).map((one) => [JSON.stringify(one), one]));
  const [first, ...more] = schemas.values();
  if (!first) throw new Error(`${path}: perform returns no [result, text]`);
  return more.length === 0 ? first : { anyOf: [first, ...more] };
}

if (process.argv.includes('--check')) {
  const stale = [...wanted].filter(([name, text]) => readText(join(OUT, name)) !== text).map(([name]) => name);
  const left = readdirSync(OUT).filter((name) => !wanted.has(name));
  if (stale.length + left.length > 0) {
    process.stderr.write(`schemas/output is stale: ${[...stale, ...left].join(', ')}. Run: npm run schemas\n`);
    process.exitCode = 1;
  }
} else {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const [name, text] of wanted) writeFileSync(join(OUT, name), text);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
