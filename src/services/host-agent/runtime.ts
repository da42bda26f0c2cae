import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostLayout } from '../../core/host-layout.ts';
import { TREE_MARK } from './manager/resolve.ts';
import { environmentOf, listensOn } from './processes.ts';

/**
 * Version of the gateway package in the tree that the answering process was really started from. The gateway itself
 * only repeats what its environment tells it.
 * @returns null when `pid` is not the process that listens on the port
 */
export function runningVersion(root: string, name: string, pid: number | null, port: number): string | null {
  const tree = pid === null ? undefined : environmentOf(pid)?.get(TREE_MARK);
  if (pid === null || !tree || !listensOn(pid, port)) return null;
  const path = join(hostLayout(root).trees, tree, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
