import { existsSync, readFileSync } from 'node:fs';
import type { ServiceManager } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { hostLayout, nodeBinary, tenantLayout } from '../../core/host-layout.ts';
import { hasSystemd } from './manager/systemd-recovery.ts';

/** What this host is, and what runs a tenant's services there: written by the bootstrap. */
export interface Host {
  schema: 1;
  root: string;
  manager: ServiceManager;
  nodeTree: Digest;
}

/** @throws ChpError AGENT_FAILED where the host was not bootstrapped, or by another chp */
export function readHost(root: string, tenant: string): Host {
  return { ...readRoot(root), manager: managerOf(root, tenant) };
}

/**
 * As `readHost`, without a tenant. A host.json that was damaged or removed by hand says nothing that could not be seen
 * otherwise; the next apply puts it back.
 */
export function readRoot(root: string): Omit<Host, 'manager'> {
  const { hostFile } = hostLayout(root);
  const nodeTree = treeOf(root, process.execPath);
  if (nodeTree !== null && !isJson(hostFile)) return { schema: 1, root, nodeTree };
  return readAbout<Omit<Host, 'manager'>>(hostFile, (host) => host.root === root);
}

function isJson(path: string): boolean {
  try {
    return Object(JSON.parse(readFileSync(path, 'utf8'))).schema !== undefined;
  } catch {
    return false;
  }
}

/** Of a tenant that is not here (any more): the one that would be taken if nobody said. */
function managerOf(root: string, tenant: string): ServiceManager {
  const { about } = tenantLayout(root, tenant);
  if (existsSync(about)) return readAbout<Pick<Host, 'schema' | 'manager'>>(about, ({ manager }) => !!manager).manager;
  return hasSystemd() && process.getuid?.() === 0 ? 'systemd' : 'supervisor';
}

function readAbout<T extends { schema: 1 }>(path: string, isOurs: (about: T) => boolean): T {
  try {
    const about = JSON.parse(readFileSync(path, 'utf8')) as T;
    if (about.schema !== 1 || !isOurs(about)) throw new Error('written for another place or by another chp');
    return about;
  } catch (cause) {
    throw new ChpError('AGENT_FAILED', `${path} is missing or damaged`, {
      why: (cause as Error).message,
      next: ['chp tenant apply puts it back.'],
      cause,
    });
  }
}

/** Digest of the tree that this process runs from; null = it is no tree of this root. */
function treeOf(root: string, execPath: string): Digest | null {
  const digest = /([0-9a-f]{64})\/bin\/node$/.exec(execPath)?.[1] ?? '';
  return execPath === nodeBinary(root, digest) ? digest : null;
}
