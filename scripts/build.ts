import { globSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import standalone from 'ajv/dist/standalone/index.js';
import { build, type Plugin } from 'esbuild';
import { buildAgentFiles } from '../src/adapters/agent/bundle.ts';
import { nodeProgram } from '../src/adapters/node-program.ts';
import { buildOpsWorkflows } from '../src/adapters/worker/ops-workflows.ts';
import { buildWorkerProgram } from '../src/adapters/worker/program.ts';
import { schemaCompiler } from '../src/core/documents/compile-schema.ts';
import { packagePath } from '../src/core/package-root.ts';
import { TenantSchema } from '../src/core/tenant/schema.ts';

/**
 * `node scripts/build.ts [DIR]`: what the package publishes in dist/, in a second or two. One entry a command, and shared
 * parts in chunks of their own, so that a command reads only what it uses.
 */

/** Left in node_modules: large and rarely used, native, or with files that they look for beside themselves. */
const EXTERNAL = [
  '@pulumi/pulumi',
  '@aws-sdk/client-s3',
  'libnpmpublish',
  'npm-registry-fetch',
  '@peculiar/x509',
  'reflect-metadata',
  'cpu-features',
  'pg',
  'pg-native',
  'esbuild',
  '@temporalio/activity',
  '@temporalio/client',
  '@temporalio/worker',
  'typescript',
  'ts-node',
];

const DIST = process.argv[2] ?? packagePath('dist');

function entries(): string[] {
  const commands = globSync('src/commands/**/*.ts', { cwd: packagePath() });
  return [
    'src/start.ts',
    'src/presenters/help.ts',
    ...commands.filter((path) => !/\/(base|args)\.ts$/.test(path)).sort(),
  ];
}

/** What would cost every command that reads a tenant's document 80 ms, done once: ajv's own code for its schema. */
const compiledValidator: Plugin = {
  name: 'compiled-validator',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]tenant-validator\.ts$/ }, ({ path }) => {
      const ajv = schemaCompiler({ source: true, esm: true });
      const code = standalone.default(ajv, ajv.compile(TenantSchema));
      return {
        contents: `${code}\nexport const tenantValidator = () => validate;`,
        loader: 'js',
        resolveDir: dirname(path),
      };
    });
  },
};

await rm(DIST, { recursive: true, force: true });
await build({
  ...nodeProgram,
  entryPoints: [
    ...entries().map((path) => ({ in: path, out: path.replace(/^src\/|\.ts$/g, '') })),
    { in: 'src/stacks/provider/main.ts', out: 'provider' },
  ],
  outdir: DIST,
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  plugins: [compiledValidator],
  // An ssh2 that was built natively has one; it works without, and a bundle can't carry it.
  loader: { '.node': 'empty' },
  external: EXTERNAL.flatMap((name) => [name, `${name}/*`]),
  // Some of these packages ask where they lie, too.
  banner: { js: `${nodeProgram.banner.js}const __filename=import.meta.filename,__dirname=import.meta.dirname;` },
});
await Promise.all([
  buildAgentFiles(join(DIST, 'host')),
  buildWorkerProgram(join(DIST, 'worker')),
  buildOpsWorkflows(join(DIST, 'ops', 'workflows.js')),
]);
