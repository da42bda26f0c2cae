import type { BuildOptions } from 'esbuild';
import { PACKAGE_ROOT } from '../core/package-root.ts';

/** esbuild's options for what the shipped node runs: one ES module, with all that it needs but what is `external`. */
export const nodeProgram = {
  absWorkingDir: PACKAGE_ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS packages in an ES module still call require().
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} satisfies BuildOptions;
