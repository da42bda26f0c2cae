import { setConfig } from '../../src/operations/config.ts';
import { rollbackTenant } from '../../src/operations/generations/rollback.ts';
import { lacksHosts, startFleet } from '../fleet.ts';
import { type BenchCase, Figure } from '../harness.ts';

const COLD_START = 'the gateway’s own cold start';
const ROLLBACK = 'chp rollback, less 2 s';
const TENANT = 't1';
/** Until the gateway, restarted, answers a request. */
const RESTART = `systemctl restart chp-${TENANT}-gateway; port=$(python3 -c 'import json; print(json.load(open("/var/lib/chp/tenants/${TENANT}/config/gateway.json"))["gateway"]["port"])'); until python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/', timeout=2)" 2>/dev/null; do sleep 0.05; done`;

export default {
  name: 'rollback',
  title: 'Rollback to another configuration of the gateway on a host over SSH, beside a cold start of that gateway',
  rounds: 7,
  lacks: lacksHosts,
  prepare: async () => {
    const fleet = await startFleet();
    await setConfig(fleet.context, TENANT, 'agents.defaults.timeoutSeconds', '71', false);
    let to = 1;
    const host = fleet.hosts.hosts[0];
    return {
      sides: [
        { label: COLD_START, run: async () => host?.exec('sh', '-c', RESTART) },
        {
          label: ROLLBACK,
          run: async () => {
            const started = performance.now();
            await rollbackTenant(fleet.context, TENANT, { to: String(to), from: null, state: null });
            to = to === 1 ? 2 : 1;
            return new Figure(performance.now() - started - 2_000);
          },
        },
      ],
      limits: [{ subject: ROLLBACK, than: COLD_START, atMost: 1 }],
      notes: () => [
        'A rollback ends when its gateway has answered a real turn and the registry says what runs. Nothing of the generation is sent.',
      ],
      [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
