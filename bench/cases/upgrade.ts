import { rm } from 'node:fs/promises';
import { upgradeTenant } from '../../src/operations/upgrade/upgrade-tenant.ts';
import { addCopy, versionsCache } from '../../test/support/versions.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import { type BenchCase, Figure, median } from '../harness.ts';

const COLD = 'cold start of the gateway, caches warm';
const AWAY = 'gateway away in an upgrade';
const BEYOND = 'of that, beyond its own cold start';
const ALLOWED_MS = 2_000;

/** Restarts the gateway and waits for its first word, on the host itself: ssh and docker are not in the time. */
const RESTART = `
const { execFileSync } = require('node:child_process');
const { connect } = require('node:net');
const begun = performance.now();
execFileSync('systemctl', ['restart', 'chp-t1-gateway']);
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const ask = () => {
  const socket = connect(18789, '127.0.0.1');
  socket.on('connect', () => socket.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: ' + key + '\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n'));
  socket.on('data', (data) => data.includes('connect.challenge') && (console.log(performance.now() - begun), process.exit()));
  socket.on('error', () => setTimeout(ask, 20));
};
ask();
`;

export default {
  name: 'upgrade',
  title: 'How long the gateway is away in an upgrade to another version, beside its own cold start',
  rounds: 3,
  lacks: lacksHosts,
  prepare: async () => {
    const cache = await versionsCache();
    const fleet = await startFleet({ cache });
    const host = fleet.hosts.hosts[0];
    let version = 0;
    let cold = Number.NaN;
    let away = Number.NaN;
    const warm: number[] = [];
    const node =
      (await host?.exec('sh', '-c', 'ls -d /var/lib/chp/trees/*/bin/node'))?.stdout.trim().split('\n')[0] ?? '';
    return {
      sides: [
        {
          label: COLD,
          run: async () => {
            cold = Number((await host?.exec(node, '-e', RESTART))?.stdout);
            return new Figure(cold);
          },
        },
        {
          label: AWAY,
          // Each in a place of its own: its caches are cold until the upgrade fills them.
          before: () => addCopy(cache, `2026.4.${++version}`),
          run: async () => {
            const { change } = await upgradeTenant(fleet.context, 't1', { to: `clawdbot@2026.4.${version}`, soakS: 0 });
            away = change?.awayMs ?? Number.NaN;
            warm.push(change?.warmMs ?? Number.NaN);
            return new Figure(away);
          },
        },
        { label: BEYOND, run: async () => new Figure(away - cold) },
      ],
      limits: [{ subject: BEYOND, than: null, atMost: ALLOWED_MS }],
      notes: () => [
        `The first start of a version in its place, beside the one that serves: ${median(warm).toFixed(0)} ms. Without it the gateway would be away for that long.`,
        'Away is from the stop of the old gateway to the first health that the new one answers: stop, copy of the state, switch, cold start, login.',
      ],
      [Symbol.asyncDispose]: async () => {
        await fleet[Symbol.asyncDispose]();
        await rm(cache, { recursive: true, force: true });
      },
    };
  },
} satisfies BenchCase;
