import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { commandsOf } from '../../core/gateway-commands.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { asTenant } from './as-tenant.ts';
import type { Host } from './host.ts';
import { resolveServices } from './manager/resolve.ts';
import { run } from './run.ts';

const MINUTE = 60_000;

/**
 * Asks the gateway itself whether it would take this config, before anything is switched: a running gateway that meets
 * a bad file goes on with an empty one. The gateway's own command line does it, in a folder of its own and with
 * placeholders for secrets.
 * @throws CONFIG_REFUSED with the gateway's words
 */
export async function validateConfig(host: Host, manifest: GenerationManifest, config: string): Promise<void> {
  const layout = tenantLayout(host.root, manifest.tenant);
  const gateway = resolveServices(host.root, manifest, null).find((service) => service.name === 'gateway');
  if (!gateway) return;
  const [node = '', entry = ''] = gateway.argv;
  const candidate = join(layout.generations, 'candidate.json');
  await writeFile(candidate, config, { mode: 0o644 });
  const { configPath, stateDir, validate } = commandsOf(manifest.runtime.name);
  const [command = '', ...args] = asTenant(host, manifest.tenant, [node, entry, ...validate]);
  try {
    const placeholders = Object.fromEntries(gateway.credentials.map((name) => [name, 'placeholder']));
    const { code, stdout, stderr } = await run(command, args, {
      env: {
        ...gateway.env,
        ...placeholders,
        [configPath]: candidate,
        [stateDir]: join(layout.tmp, 'validate'),
        NODE_NO_WARNINGS: '1',
      },
      deadlineMs: MINUTE,
      allowFailure: true,
    });
    if (code === 0) return;
    const said = `${stderr}\n${stdout}`
      .replaceAll(candidate, 'gateway.json')
      .trim()
      .split('\n')
      .slice(0, 12)
      .join('\n');
    throw new ChpError('CONFIG_REFUSED', 'the gateway would refuse the new configuration; nothing was switched', {
      why: said,
      next: [`chp config diff ${manifest.tenant}`, `chp config set ${manifest.tenant} PATH VALUE`],
    });
  } finally {
    await rm(candidate, { force: true });
  }
}
