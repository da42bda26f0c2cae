const PACKAGES = [
  '@node-llama-cpp',
  'node-llama-cpp',
  '@octokit',
  'ipull',
  'simple-git',
  '@reflink',
  '@types',
  'bun-types',
  '@cloudflare',
  'pdfjs-dist',
  '@napi-rs/canvas',
  'chromium-bidi',
  'devtools-protocol',
];

/**
 * What the gateway runs without, so that a hub need not carry it (measured: 1,275 MB become 183 MB). Left in although
 * they look idle: playwright-core and clipboard are loaded at boot, docs/reference/templates is read at run time.
 */
export const PRUNE: readonly RegExp[] = [
  ...PACKAGES.map((name) => new RegExp(`^node_modules/${name}(-[^/]+)?/`)),
  /^node_modules\/clawdbot\/extensions\/memory-lancedb\/node_modules\//,
  /^node_modules\/clawdbot\/docs\/(?!reference\/templates\/)/,
  /\.(map|d\.ts|d\.mts|d\.cts)$/,
  /^node_modules\/\.package-lock\.json$/,
  /^node_modules\/\.bin\//,
];
