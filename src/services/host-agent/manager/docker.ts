import { ChpError } from '../../../core/errors.ts';
import { type RunOptions, run } from '../run.ts';

/** One container of a tenant. */
export interface Container {
  id: string;
  service: string;
  fingerprint: string;
  /** Digest of the image that it was made from. */
  image: string;
  /** Seconds that its process may take to end. */
  stopTimeoutS: number;
  active: boolean;
  /** The engine's init on the host, parent of the service's process; null = not running. */
  initPid: number | null;
  restarts: number;
  /** ISO 8601. */
  since: string | null;
}

interface Inspected {
  Id: string;
  Image: string;
  RestartCount: number;
  State: { Status: string; Pid: number; StartedAt: string };
  Config: { Labels: Record<string, string> };
}

/** Never another engine than this host's, whatever the environment says: `run` passes nothing on. */
export const docker = (args: readonly string[], options?: RunOptions) => run('docker', args, options);

/** Containers of the tenant whose folder this is, running or not. */
export async function containersOf(dir: string): Promise<Container[]> {
  const { stdout } = await docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=chp.tenant=${dir}`]);
  const ids = stdout.split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  // One that went away between the two is not told of.
  const found = await docker(['container', 'inspect', ...ids], { allowFailure: true });
  return (JSON.parse(found.stdout) as Inspected[]).map(({ Id, Image, RestartCount, State, Config }) => ({
    id: Id,
    service: Config.Labels['chp.service'] ?? '',
    fingerprint: Config.Labels['chp.fingerprint'] ?? '',
    image: Image,
    stopTimeoutS: Number(Config.Labels['chp.stop-timeout'] ?? 10),
    active: State.Status === 'running',
    initPid: State.Pid || null,
    restarts: RestartCount,
    since: State.Status === 'running' ? new Date(State.StartedAt).toISOString() : null,
  }));
}

/** Digest of an image on this host; null = it is not there. */
export async function imageId(name: string): Promise<string | null> {
  const { code, stdout, stderr } = await docker(['image', 'inspect', '--format', '{{.Id}}', name], {
    allowFailure: true,
  });
  if (code === 0) return stdout.trim();
  if (/no such image/i.test(stderr)) return null;
  throw new ChpError('HOST_UNFIT', 'Docker does not answer', {
    why: stderr,
    next: ['As root: systemctl start docker'],
  });
}

/** Politely, then not; with the volumes that its image asked for. */
export async function removeContainer({ id, stopTimeoutS }: Container): Promise<void> {
  const deadlineMs = (stopTimeoutS + 60) * 1000;
  await docker(['stop', '--time', String(stopTimeoutS), id], { deadlineMs, allowFailure: true });
  await docker(['rm', '--force', '--volumes', id], { deadlineMs });
}

/** The command that is Compose on this host: the plugin, or the older program. */
export async function composeCommand(): Promise<[string, ...string[]]> {
  const plugin = await docker(['compose', 'version'], { allowFailure: true });
  return plugin.code === 0 ? ['docker', 'compose'] : ['docker-compose'];
}
