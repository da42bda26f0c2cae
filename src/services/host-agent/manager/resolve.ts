import { digestOf } from '../../../core/digest.ts';
import type { GenerationManifest } from '../../../core/generation.ts';
import { hostLayout, nodeBinary, tenantLayout } from '../../../core/host-layout.ts';
import type { ResolvedService } from './manager.ts';

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
  };
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  return manifest.services.map((service) => {
    const resolved = {
      ...service,
      argv: service.argv.map(fill),
      env: Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, fill(value)])),
    };
    const secrets = manifest.files.filter((file) =>
      service.credentials.some((name) => file.path === `secrets/${name}.age`),
    );
    // A skill alone must not restart the gateway: it looks for them by itself.
    const code = manifest.files.filter((file) => file.path.startsWith('services/'));
    return { ...resolved, fingerprint: digestOf({ resolved, secrets, code, config: liveConfigDigest }) };
  });
}
