import type { Platform } from '../../core/generation.ts';

/** What the SDK has to bundle workflows with; ours come bundled. */
const BUNDLER = [
  '@swc',
  'swc-loader',
  '@webassemblyjs',
  '@xtuc',
  '@jridgewell',
  '@types',
  'acorn',
  'acorn-import-phases',
  'ajv',
  'ajv-formats',
  'ajv-keywords',
  'baseline-browser-mapping',
  'browserslist',
  'buffer-from',
  'caniuse-lite',
  'chrome-trace-event',
  'commander',
  'electron-to-chromium',
  'enhanced-resolve',
  'es-module-lexer',
  'eslint-scope',
  'esrecurse',
  'estraverse',
  'events',
  'fast-deep-equal',
  'fast-uri',
  'graceful-fs',
  'iconv-lite',
  'jest-worker',
  'loader-runner',
  'mime-db',
  'mime-types',
  'neo-async',
  'node-releases',
  'picocolors',
  'safer-buffer',
  'schema-utils',
  'source-map-js',
  'source-map-loader',
  'source-map-support',
  'tapable',
  'terser',
  'terser-webpack-plugin',
  'undici-types',
  'update-browserslist-db',
  'watchpack',
  'webpack-sources',
];

const NATIVE: Record<Platform, string> = {
  'linux-x64': 'x86_64-unknown-linux-gnu',
  'linux-arm64': 'aarch64-unknown-linux-gnu',
};

/**
 * What the worker runs without (measured: 262 MB become 50). The SDK asks for webpack at its start, so its first two files
 * stay.
 */
export const pruneFor = (platform: Platform): readonly RegExp[] => [
  ...BUNDLER.map((name) => new RegExp(`^node_modules/${name}/`)),
  /^node_modules\/webpack\/(?!package\.json$|lib\/index\.js$|lib\/util\/memoize\.js$)/,
  new RegExp(`^node_modules/@temporalio/core-bridge/releases/(?!${NATIVE[platform]}/)`),
  /^node_modules\/@temporalio\/core-bridge\/(sdk-core|src|ts|bridge-macros|scripts|Cargo\.)/,
  /^node_modules\/(@temporalio\/[^/]+|rxjs)\/src\//,
  /^node_modules\/rxjs\/dist\/(esm|esm5|bundles|types)\//,
  /\.(map|d\.ts|d\.mts|d\.cts)$/,
  /^node_modules\/\.package-lock\.json$/,
  /^node_modules\/\.bin\//,
];
