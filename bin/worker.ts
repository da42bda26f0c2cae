import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeConnectors } from '../src/services/connectors/index.ts';
import { makeNotify } from '../src/services/notify/index.ts';
import type { LoadedTenant } from '../src/services/worker/config.ts';
import { log } from '../src/services/worker/log.ts';
import { playFixtures } from '../src/services/worker/play.ts';
import { runWorker } from '../src/services/worker/process.ts';
import { useProxies } from '../src/services/worker/proxies.ts';

/** What connectors and the notifier share: secrets arrive as variables of their names. */
const setup = (part: string, tenant: LoadedTenant) => ({
  tenant,
  secret: (name: string) => process.env[name],
  dataDir: join(process.env.CHP_WORKER_DIR ?? '', part, tenant.name),
  warn: (message: string) => log('warn', part, { tenant: tenant.name, message }),
});

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv[2] === 'play') await playFixtures(here, process.stdin);
else {
  useProxies(process.env);
  await runWorker(here, process.env, {
    connectors: (tenant, _secrets, agent) => makeConnectors({ ...setup('connectors', tenant), agent }),
    notify: (tenant, _secrets, agent) => makeNotify({ ...setup('notify', tenant), agent }),
  });
}
// Temporal's SDK keeps the process alive for a while.
process.exit();
