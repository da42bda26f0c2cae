import { join } from 'node:path';
import composeTemplate from '../../../../templates/compose/compose.yaml' with { type: 'text' };
import serviceTemplate from '../../../../templates/compose/service.yaml' with { type: 'text' };
import { hostLayout, tenantLayout } from '../../../core/host-layout.ts';
import type { User } from '../users.ts';
import { fillTemplate } from './files.ts';
import type { ResolvedService } from './manager.ts';
import { launcher, mentions } from './unit.ts';

/** Where Compose puts secrets in a container. */
const SECRETS_DIR = '/run/secrets';

export const composeFile = (root: string, tenant: string): string =>
  join(tenantLayout(root, tenant).run, 'compose.yaml');
/** What programs in a container take for /etc/passwd. */
export const passwdFile = (root: string, tenant: string): string => join(tenantLayout(root, tenant).run, 'passwd');
/** No tenant's name has a dot: no two services have one name. */
export const containerName = (tenant: string, service: string): string => `chp-${tenant}.${service}`;

export interface ComposeInput {
  root: string;
  tenant: string;
  user: User;
  services: readonly ResolvedService[];
  configWritable: boolean;
}

/** The compose file of a tenant. Pure: it holds no secret, only where the engine finds them. */
export function renderCompose(input: ComposeInput): string {
  const layout = tenantLayout(input.root, input.tenant);
  const names = [...new Set(input.services.flatMap(({ credentials }) => credentials))];
  return fillTemplate(composeTemplate, {
    services: input.services.map((service, index) => renderService(input, service, index)).join(''),
    secrets: quote(Object.fromEntries(names.map((name) => [name, { file: join(layout.credentials, name) }]))),
  });
}

function renderService(input: ComposeInput, service: ResolvedService, index: number): string {
  const { root, tenant, user } = input;
  const layout = tenantLayout(root, tenant);
  const writable = [layout.state, layout.home, layout.tmp, layout.logs];
  if (mentions(service, layout.automation)) writable.push(layout.automation);
  if (input.configWritable) writable.push(join(layout.config, '..'));
  const mount = (path: string, readOnly: boolean, target = path) => ({
    type: 'bind',
    source: path,
    target,
    read_only: readOnly,
  });
  // Root's own: not even there, whatever becomes of their permissions.
  const hidden = [layout.keys, layout.credentials, layout.snapshots, layout.run].map(
    (path) => `${path}:size=4k,mode=0`,
  );
  return fillTemplate(serviceTemplate, {
    service: service.name,
    container: quote(containerName(tenant, service.name)),
    image: quote(service.image ?? ''),
    dir: quote(layout.dir),
    fingerprint: quote(service.fingerprint),
    // The first listed starts first.
    after: quote(input.services.slice(0, index).map(({ name }) => name)),
    user: quote(`${user.uid}:${user.gid}`),
    home: quote(layout.home),
    launcher: quote(launcher(layout)),
    command: quote(service.argv),
    environment: quote({ LANG: 'C.UTF-8', ...service.env, CREDENTIALS_DIRECTORY: SECRETS_DIR }),
    secrets: quote(service.credentials),
    memoryMax: String(service.memoryMaxMb),
    tasksMax: String(service.tasksMax),
    stopTimeout: String(service.stopTimeoutS),
    // The whole folder: `current` is a link in it, which is flipped under a running gateway.
    volumes: quote([
      mount(hostLayout(root).trees, true),
      mount(layout.dir, true),
      ...writable.map((path) => mount(path, false)),
      mount(passwdFile(root, tenant), true, '/etc/passwd'),
    ]),
    tmpfs: quote(['/tmp:size=64m,mode=1777', ...hidden]),
  });
}

export function renderPasswd({ root, tenant, user }: Pick<ComposeInput, 'root' | 'tenant' | 'user'>): string {
  const { home } = tenantLayout(root, tenant);
  return `root:x:0:0:root:/:/bin/false\n${user.name}:x:${user.uid}:${user.gid}::${home}:/bin/sh\n`;
}

/** Names of the services in a compose file of ours, in their order. */
export function servicesIn(text: string): string[] {
  return [...text.matchAll(/^ {2}([a-z0-9][a-z0-9-]*):$/gm)].map(([, name = '']) => name);
}

/** A compose file without the lines that say for which inputs a service was started. Pure. */
export function withoutFingerprints(text: string): string {
  return text.replace(/^ +chp\.fingerprint: .*$/gm, '');
}

/** JSON is YAML; a dollar sign would be a variable of Compose's. */
function quote(value: unknown): string {
  return JSON.stringify(value).replaceAll('$', '$$$$');
}
