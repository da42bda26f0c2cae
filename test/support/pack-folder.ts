import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packYaml } from './packs.ts';

/** A pack's folder as an author has it: it passes lint. @returns its path */
export function writePack(parent: string, id: string, version: string, says?: string): string {
  const dir = join(parent, id);
  mkdirSync(join(dir, 'fixtures'), { recursive: true });
  mkdirSync(join(dir, 'prompts'), { recursive: true });
  writeFileSync(join(dir, 'pack.yaml'), packYaml(id, version, says));
  writeFileSync(join(dir, 'README.md'), `# ${id}\n`);
  writeFileSync(join(dir, 'fixtures', 'happy.yaml'), 'description: Says it.\nexpect: { status: success }\n');
  return dir;
}
