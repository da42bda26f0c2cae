import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ChpError } from '../../core/errors.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { Activation } from './activation.ts';
import { readHost } from './host.ts';
import { Journal } from './journal.ts';
import { lockTenant } from './locks.ts';
import { managerFor } from './manager/choose.ts';
import { supervise } from './manager/supervise.ts';
import { serve } from './serve.ts';

/** `agent.mjs serve|recover|supervise|watch --root DIR [--tenant NAME]`: the one program chp puts on a host. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string' }, tenant: { type: 'string' } },
});
const { root = '', tenant = '' } = values;
const WATCH_MS = 5_000;

switch (positionals[0]) {
  case 'serve':
    // A peer that is gone must not kill us half-way: what is open is put back first. Ctrl-C reaches us on the operator's
    // own machine, and is for the operator's side to answer.
    process.stdout.on('error', () => {});
    for (const signal of ['SIGHUP', 'SIGPIPE', 'SIGINT'] as const) process.on(signal, () => {});
    await serve(root, process.stdin, process.stdout);
    process.exit(0);
    break;
  case 'recover':
    await recover();
    process.exit(0);
    break;
  case 'watch':
    await watch();
    process.exit(0);
    break;
  case 'supervise':
    await supervise(root, tenant);
    process.exit(0);
    break;
  default:
    process.stderr.write('usage: agent.mjs serve|recover|supervise|watch --root DIR [--tenant NAME]\n');
    process.exit(2);
}

/** Where no timer of systemd does it: looks for a cut activation until none is under way. */
async function watch(): Promise<void> {
  const journal = new Journal(tenantLayout(root, tenant).journal);
  while (journal.open()) {
    await sleep(WATCH_MS);
    // Whatever stands in the way may be gone the next time.
    await recover().catch(() => {});
  }
}

async function recover(): Promise<void> {
  // Removed while we waited: taking its lock would make its folder again.
  if (!existsSync(tenantLayout(root, tenant).dir)) return;
  const host = readHost(root, tenant);
  try {
    await using _lock = await lockTenant(root, tenant, 'recover', 0);
    const manager = managerFor(host, tenant);
    await new Activation(host, tenant, manager).recover();
    // Whoever armed it may have been killed before it was done with tidying up.
    await manager.disarmRecovery();
  } catch (error) {
    // Somebody is at work: then there is nothing to recover.
    if (!(error instanceof ChpError && error.code === 'LOCKED')) throw error;
  }
}
