import { readFileSync } from 'node:fs';
import type { ServiceManager } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import type { Platform } from '../../core/generation.ts';
import { packagePath } from '../../core/package-root.ts';
import type { Transport } from '../../core/ports/transport.ts';

/** What a host is, read in one command before anything of chp's is on it. */
export interface HostFacts {
  os: string;
  arch: string;
  kernel: string;
  /** null where it is another libc. */
  glibc: string | null;
  user: string;
  uid: number;
  /** Home folder of the login user. */
  home: string;
  /** Port of sshd that this connection came in by, as the host sees it. */
  sshPort: number;
  /** The login user is root, or has sudo without a password. */
  rootAccess: boolean;
  /** Version of the systemd that is PID 1; null = none. */
  systemd: string | null;
  /** Host's clock minus ours, seconds. */
  clockOffsetS: number;
  cpus: number;
  memoryMb: number;
  /** Free where chp's folder is or would be. */
  diskFreeMb: number;
  /** Files that there is room for; null where they are not counted. */
  inodesFree: number | null;
  readOnly: boolean;
  /** Programs may not be run from there. */
  noExec: boolean;
  /** TCP ports that something listens on. */
  ports: number[];
  tools: string[];
  /**
   * What is there of chp; null = nothing. `nodeTree` is empty where a bootstrap was cut before node was whole;
   * `manager`: what runs the tenant's services; null = it is not there.
   */
  chp: { nodeTree: string; tenants: string[]; manager: ServiceManager | null } | null;
  /** null where nobody asked for containers. */
  containers: ContainerFacts | null;
}

export interface ContainerFacts {
  /** Version of the engine that answers (root); null = none does. */
  engine: string | null;
  /** What the engine's client said, where no engine answers; null = there is no client. */
  fault: string | null;
  /** The command that is Compose; null = there is none. */
  compose: string | null;
  /** The image that was asked for is there. */
  image: boolean;
}

const SCRIPT = readFileSync(packagePath('templates', 'host', 'facts.sh'), 'utf8');

/**
 * `root`: where chp is or would be; `tenant`: whose host it is; `image`: what containers are to start from, where there
 * are to be any.
 * @throws ChpError AGENT_FAILED when the answer has not the form it must have
 */
export async function readHostFacts(
  transport: Transport,
  root: string,
  tenant: string,
  image: string | null = null,
): Promise<HostFacts> {
  const before = Date.now();
  const { stdout, stderr, code } = await transport.exec(['sh', '-s', '--', root, tenant, image ?? ''], {
    input: SCRIPT,
    deadlineMs: 30_000,
  });
  const after = Date.now();
  if (code !== 0 || !stdout.includes('arch='))
    throw new ChpError('HOST_UNFIT', `${transport.target} did not answer as a Linux host does`, {
      why: (stderr || stdout).trim().slice(0, 300) || `sh ended with ${code}.`,
      next: ['The login must give a plain shell: no menu, no forced command.'],
    });
  const lines = stdout.split('\n').map((line) => line.split(/=(.*)/s) as [string, string | undefined]);
  const fields = new Map(lines.map(([key, value]) => [key, value ?? '']));
  const text = (key: string): string => fields.get(key) ?? '';
  const number = (key: string): number => {
    const value = Number(text(key) || Number.NaN);
    if (!Number.isFinite(value))
      throw new ChpError('AGENT_FAILED', `${transport.target}: the fact "${key}" is missing`);
    return value;
  };
  return {
    os: text('os'),
    arch: text('arch'),
    kernel: text('kernel'),
    glibc: text('glibc') || null,
    user: text('user'),
    uid: number('uid'),
    home: text('home'),
    sshPort: number('sshPort'),
    rootAccess: text('rootAccess') === 'yes',
    systemd: text('systemd') || null,
    clockOffsetS: number('epoch') - Math.round((before + after) / 2000),
    cpus: number('cpus'),
    memoryMb: number('memoryMb'),
    diskFreeMb: number('diskFreeMb'),
    inodesFree: text('inodesFree') === '' ? null : number('inodesFree'),
    readOnly: text('readOnly') === 'yes',
    noExec: text('noExec') === 'yes',
    ports: text('ports')
      .split(' ')
      .filter(Boolean)
      .map((port) => Number.parseInt(port, 16)),
    tools: text('tools').split(' ').filter(Boolean),
    chp: installed(text('hostFile'), text('tenants'), text('tenantFile'), text('nodeTrees')),
    containers:
      image === null
        ? null
        : {
            engine: text('engine') || null,
            fault: text('engineFault') || null,
            compose: text('compose') || null,
            image: text('image') === 'yes',
          },
  };
}

/** A host.json that was damaged or removed by hand says nothing that could not be seen otherwise. */
function installed(hostFile: string, tenants: string, tenantFile: string, nodeTrees: string): HostFacts['chp'] {
  const known = tenants.split(' ').filter(Boolean);
  const { nodeTree } = parsed(hostFile);
  const seen = typeof nodeTree === 'string' ? nodeTree : (nodeTrees.split(' ').filter(Boolean).at(-1) ?? '');
  if (seen === '' && known.length === 0) return null;
  const manager = MANAGERS.find((one) => one === parsed(tenantFile).manager) ?? null;
  return { nodeTree: seen, tenants: known, manager };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const MANAGERS: readonly ServiceManager[] = ['systemd', 'supervisor', 'compose'];
const PLATFORMS: Record<string, Platform> = { x86_64: 'linux-x64', aarch64: 'linux-arm64' };

/** The bundle that a host runs. @throws HOST_UNFIT */
export function platformOf(facts: HostFacts): Platform {
  const platform = PLATFORMS[facts.arch];
  if (!platform)
    throw new ChpError('HOST_UNFIT', `no runtime for ${facts.arch}`, {
      why: `chp ships ${Object.keys(PLATFORMS).join(' and ')}.`,
    });
  return platform;
}
