import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { needsRoot, tenantLayout, tenantUser } from '../../core/host-layout.ts';
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
  const user = tenantUser(manifest.tenant);
  // Never the gateway's code as root.
  const asUser = needsRoot(host.manager)
    ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--no-new-privs']
    : [];
  const [command = '', ...args] = [...asUser, node, entry, 'config', 'get', 'gateway.port'];
  try {
    const placeholders = Object.fromEntries(gateway.credentials.map((name) => [name, 'placeholder']));
    const { code, stdout, stderr } = await run(command, args, {
      env: {
        ...gateway.env,
        ...placeholders,
        CLAWDBOT_CONFIG_PATH: candidate,
        CLAWDBOT_STATE_DIR: join(layout.tmp, 'validate'),
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
