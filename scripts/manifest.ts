import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Config, type Interfaces } from '@oclif/core';
import { commandsOf } from '../src/start.ts';

/**
 * Writes oclif.manifest.json, which lets the CLI start without loading every command; with `--check` it fails when the
 * committed one is not what the commands say.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}/oclif.manifest.json`;
const pjson = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Interfaces.PJSON;
const config = await Config.load({ root, pjson: commandsOf(root, pjson), ignoreManifest: true });
const plugin = config.plugins.get(pjson.name) as (Interfaces.Plugin & { manifest: Interfaces.Manifest }) | undefined;
if (!plugin) throw new Error('the CLI could not be loaded');
const commands = Object.fromEntries(
  Object.values(plugin.manifest.commands)
    // Where a file lies differs between a checkout and what is published.
    .map(({ relativePath: _, isESM: __, ...command }) => [command.id, command] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);
const text = `${JSON.stringify({ commands, version: plugin.manifest.version }, null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write('oclif.manifest.json is not what the commands say. Run: npm run manifest\n');
  process.exitCode = 1;
}
