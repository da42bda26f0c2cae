/**
 * What the gateway runs without, so that a hub need not carry it. Left in although they look idle: typescript and
 * dist/worker, which it loads when it is asked for code or for a remote session.
 */
export const PRUNE: readonly RegExp[] = [
  // Drives the desktop of the machine it runs on; a hub has none.
  /^node_modules\/@trycua\/cua-driver-[^/]+\//,
  /^node_modules\/@types\//,
  /^node_modules\/(openai|@mistralai\/mistralai)\/src\//,
  /^node_modules\/openclaw\/docs\/(?!reference\/templates\/)/,
  /\.(map|d\.ts|d\.mts|d\.cts)$/,
  /^node_modules\/\.package-lock\.json$/,
  /^node_modules\/\.bin\//,
];
