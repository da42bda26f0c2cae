/**
 * What the gateway runs without, so that a hub need not carry it. Left in although they look idle: typescript and
 * dist/worker, which it loads when it is asked for code or for a remote session.
 */
export const PRUNE: readonly RegExp[] = [
  // "The script after the installation is still to be run": it mends what npm left out, which is checked by our lock, and the
  // gateway would try it at every start, in a tree that nobody may write to.
  /^node_modules\/openclaw\/\.openclaw-lifecycle-pending$/,
  // Drives the desktop of the machine it runs on; a hub has none.
  /^node_modules\/@trycua\/cua-driver-[^/]+\//,
  /^node_modules\/@types\//,
  /^node_modules\/(openai|@mistralai\/mistralai)\/src\//,
  /^node_modules\/openclaw\/docs\/(?!reference\/templates\/)/,
  /\.(map|d\.ts|d\.mts|d\.cts)$/,
  /^node_modules\/\.package-lock\.json$/,
  /^node_modules\/\.bin\//,
];
