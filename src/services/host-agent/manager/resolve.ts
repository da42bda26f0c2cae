import { digestOf } from '../../../core/digest.ts';
import type { GenerationManifest } from '../../../core/generation.ts';
import { hostLayout, nodeBinary, tenantLayout } from '../../../core/host-layout.ts';
import type { ResolvedService } from './manager.ts';

/** Variables by which a process of ours is recognised: whose it is, and the tree that it runs from. */
export const SERVICE_MARK = 'CHP_SERVICE';
export const TREE_MARK = 'CHP_RUNTIME_TREE';

/** Value of `SERVICE_MARK`: `<folder of the tenant>:<service>`. */
export const serviceMark = (root: string, tenant: string, service: string): string =>
  `${tenantLayout(root, tenant).dir}:${service}`;

/** Fills in the placeholders of `GenerationService` for one host. Pure. */
export function resolveServices(
  root: string,
  manifest: GenerationManifest,
  liveConfigDigest: string | null,
): ResolvedService[] {
  const layout = tenantLayout(root, manifest.tenant);
  const values: Record<string, string> = {
    node: nodeBinary(root, manifest.runtime.node),
    app: `${hostLayout(root).trees}/${manifest.runtime.app}`,
    generation: layout.current,
    agent: hostLayout(root).agent,
    state: layout.state,
    config: layout.config,
    home: layout.home,
    tmp: layout.tmp,
    logs: layout.logs,
    automation: layout.automation,
  };
  for (const [name, digest] of Object.entries(manifest.trees ?? {}))
    values[`tree:${name}`] = `${hostLayout(root).trees}/${digest}`;
  const fill = (text: string): string => text.replace(/\{([\w:-]+)\}/g, (whole, name: string) => values[name] ?? whole);
  return manifest.services.map((service) => {
    const env = Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, fill(value)]));
    // A process may rename itself (the gateway does), but what it was started with stays in /proc/<pid>/environ.
    const marks = {
      [SERVICE_MARK]: serviceMark(root, manifest.tenant, service.name),
      // Of no use to what does not run from it, and another runtime would restart it.
      ...(service.argv.some((text) => text.includes('{app}')) ? { [TREE_MARK]: manifest.runtime.app } : {}),
    };
    const resolved = { ...service, argv: service.argv.map(fill), env: { ...env, ...marks } };
    const readsConfig = [...service.argv, ...Object.values(service.env)].some((text) => text.includes('{config}'));
    const secrets = manifest.files.filter((file) =>
      service.credentials.some((name) => file.path === `secrets/${name}.age`),
    );
    // A skill alone must not restart the gateway: it looks for them by itself.
    const code = manifest.files.filter((file) => service.argv.includes(`{generation}/${file.path}`));
    return {
      ...resolved,
      fingerprint: digestOf({ resolved, secrets, code, config: readsConfig ? liveConfigDigest : null }),
    };
  });
}
