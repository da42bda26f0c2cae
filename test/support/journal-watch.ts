import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ActivationStep } from '../../src/core/agent-protocol.ts';
import { tenantLayout } from '../../src/core/host-layout.ts';
import type { TestHost } from '../hosts/hosts.ts';

/**
 * Calls `then` once, as soon as the host's journal of an activation that begins from now on holds `step`. Resolves when
 * it watches.
 */
export async function watchJournal(
  host: TestHost,
  tenant: string,
  step: ActivationStep,
  then: () => void,
): Promise<AsyncDisposable & { seen(): boolean }> {
  const { journal } = tenantLayout('/var/lib/chp', tenant);
  // On layered file systems tail does not wait for events: by itself it looks once a second, and five times before it
  // takes note that a new file has taken the place of the old one, as each activation has its own.
  const script = `echo $$; exec tail -n 0 -F -s 0.003 --max-unchanged-stats=1 ${journal} 2>/dev/null`;
  const child = spawn('docker', ['exec', host.id, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const pid = (await lines.next()).value as string;
  let seen = false;
  const watching = (async () => {
    for (let begun = false; ; ) {
      const { value, done } = await lines.next();
      if (done) return;
      begun ||= value.includes('"begin"');
      if (!begun || seen || !value.includes(`"step":"${step}"`)) continue;
      seen = true;
      then();
    }
  })();
  return {
    seen: () => seen,
    [Symbol.asyncDispose]: async () => {
      await host.exec('kill', pid);
      await watching;
    },
  };
}
