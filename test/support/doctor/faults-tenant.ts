import { APPLY, type Fault } from './fault.ts';
import { DIR, type Hub, ROOT } from './hub.ts';

const sh = (script: string) => (hub: Hub) => hub.sh(script);
const shells = (plant: string, undo: string): Pick<Fault, 'plant' | 'undo'> => ({ plant: sh(plant), undo: sh(undo) });
const moved = (path: string) => shells(`mv ${path} ${path}.away`, `mv ${path}.away ${path}`);
const saved = (path: string, change: string) =>
  shells(`cp -a ${path} /root/saved && ${change}`, `cp -a /root/saved ${path} && rm -f /root/saved`);

const unit = (service: string): string => `chp-smith-${service}.service`;
const pid = (service: string): string => `$(systemctl show --value -p MainPID ${unit(service)})`;
const signal = (service: string) => shells(`kill -STOP ${pid(service)}`, `kill -CONT ${pid(service)}`);
const tree = (name: string): string => `$(dirname $(ls -d ${ROOT}/trees/*/${name}))`;
const dropIn = (service: string, line: string) => {
  const dir = `/etc/systemd/system/${unit(service)}.d`;
  return { put: `mkdir -p ${dir} && printf '[Service]\\n${line}\\n' > ${dir}/x.conf`, take: `rm -r ${dir}` };
};
const lifted = dropIn('worker', 'MemoryMax=infinity');
const privileged = dropIn('gateway', 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE');
const inTree = `${tree('node_modules/clawdbot')}/clawdbot/package.json`;
const temporal = (act: string): string =>
  `for id in $(cat /root/schedules); do ${tree('bin/temporal')}/temporal schedule toggle --address 127.0.0.1:$(cat /root/temporal) ${act} --schedule-id "$id" --reason test; done`;

/** Services, generation, gateway, worker. */
export const TENANT: Fault[] = [
  {
    name: 'a service disabled',
    ...shells(`systemctl disable -q ${unit('temporal')}`, `systemctl enable -q ${unit('temporal')}`),
    red: {
      'services.enabled': { says: /not enabled/, fix: /systemctl enable chp-smith-temporal\.service/, of: 'temporal' },
    },
  },
  {
    name: 'a limit lifted by a drop-in',
    ...shells(`${lifted.put} && systemctl daemon-reload`, `${lifted.take} && systemctl daemon-reload`),
    red: {
      'services.hardening': { says: /MemoryMax is infinity/, fix: /systemctl revert chp-smith-worker/, of: 'worker' },
    },
  },
  {
    name: 'a unit edited, and not even loaded',
    ...saved(
      `/etc/systemd/system/${unit('worker')}`,
      `sleep 0.01; sed -i 's/^NoNewPrivileges=.*/NoNewPrivileges=no/' /etc/systemd/system/${unit('worker')}`,
    ),
    red: {
      'services.hardening': { says: /not the one that is in force/, fix: /revert/, of: 'worker' },
      'generation.files': { says: /changed/, fix: APPLY, automatic: 'apply' },
    },
  },
  {
    name: 'a process that was started with more rights than its unit gives',
    plant: async (hub) => {
      const restart = `systemctl daemon-reload && systemctl restart ${unit('gateway')}`;
      await hub.sh(`${privileged.put} && ${restart} && ${privileged.take} && systemctl daemon-reload`);
      await hub.comesBack(['gateway', 'skills']);
    },
    red: {
      'services.process': { says: /has capabilities/, fix: /systemctl restart chp-smith-gateway/, of: 'gateway' },
    },
    undo: sh(`systemctl daemon-reload && systemctl restart ${unit('gateway')}`),
    settles: ['gateway', 'skills'],
  },
  {
    name: 'a service that was killed',
    plant: async (hub) => {
      await hub.sh(`kill -9 ${pid('gateway')}; sleep 3`);
      await hub.comesBack(['gateway', 'skills']);
    },
    red: {
      'services.restarts': { verdict: 'warn', says: /1 by itself/, fix: /chp logs smith gateway/, of: 'gateway' },
    },
    undo: () => {},
    settles: ['gateway', 'skills'],
  },
  {
    name: 'a file of a skill edited',
    ...saved(
      `${DIR}/current/skills/elder-care/SKILL.md`,
      `echo '<!-- -->' >> ${DIR}/current/skills/elder-care/SKILL.md`,
    ),
    red: { 'generation.files': { says: /changed/, fix: APPLY, of: 'skills/elder-care/SKILL.md', automatic: 'apply' } },
  },
  {
    name: 'a skill removed',
    ...shells(
      `mv ${DIR}/current/skills/family-comms /root/away; sleep 1`,
      `mv /root/away ${DIR}/current/skills/family-comms`,
    ),
    red: {
      'skills.eligible': { says: /does not see it/, fix: /chp skill (list|push) smith/, of: 'family-comms' },
      'generation.files': { says: /missing/, fix: APPLY, of: 'skills/family-comms/SKILL.md' },
    },
    settles: ['skills'],
  },
  {
    name: 'a file that nobody put there',
    ...shells(`echo x > ${DIR}/current/skills/elder-care/extra.md`, `rm ${DIR}/current/skills/elder-care/extra.md`),
    red: { 'generation.files': { says: /extra/, fix: APPLY, of: 'skills/elder-care/extra.md' } },
  },
  {
    name: 'a file of the runtime cut off',
    ...saved(
      `${tree('node_modules/clawdbot')}/clawdbot/README.md`,
      `truncate -s 3 ${tree('node_modules/clawdbot')}/clawdbot/README.md`,
    ),
    red: { 'generation.trees': { says: /README\.md/, fix: APPLY, of: 'clawdbot' } },
  },
  {
    name: 'another version than was meant',
    ...saved(inTree, `sed -i 's/2026.1.24-3/2026.1.24-2/' ${inTree}`),
    red: { 'gateway.version': { says: /2026\.1\.24-2, but 2026\.1\.24-3 was meant/, fix: /ss -tlnp/ } },
  },
  {
    name: 'the operator’s part of the configuration changed by hand',
    ...saved(
      `${DIR}/config/gateway.json`,
      `sed -i 's/"skipBootstrap": true/"skipBootstrap": false/' ${DIR}/config/gateway.json`,
    ),
    red: { 'generation.config': { says: /skipBootstrap/, fix: /chp config diff smith/, automatic: 'apply' } },
    related: ['gateway.config'],
    settles: ['gateway'],
  },
  {
    name: 'a configuration that the gateway refuses',
    ...saved(`${DIR}/config/gateway.json`, `echo '{ "nonsense":' > ${DIR}/config/gateway.json`),
    red: {
      'gateway.config': { says: /does not accept/, fix: APPLY, automatic: 'apply' },
      'generation.config': { says: /the whole file/, fix: /chp config diff/ },
    },
    // It goes on with an empty configuration: that is why this is looked for.
    related: ['turn.agent', 'skills.eligible', 'gateway.answers'],
    settles: ['gateway', 'skills', 'turn'],
  },
  {
    name: 'an activation that was cut',
    ...saved(
      `${DIR}/journal.jsonl`,
      `printf '{"at":"2026-01-01T00:00:00Z","begin":"${'a'.repeat(64)}","previous":null}\\n' >> ${DIR}/journal.jsonl`,
    ),
    red: { 'generation.cut': { says: /aaaaaaaaaaaa was cut at received/, fix: APPLY, automatic: 'recover' } },
  },
  {
    name: 'another key that the host believes',
    ...saved(
      `${DIR}/keys/signing.pub`,
      `openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout > ${DIR}/keys/signing.pub || echo x > ${DIR}/keys/signing.pub`,
    ),
    red: { 'generation.key': { says: /not this tenant’s/, fix: APPLY, automatic: 'apply' } },
  },
  {
    name: 'half a tree left behind',
    ...shells(`mkdir ${ROOT}/trees/${'b'.repeat(64)}.new`, `rmdir ${ROOT}/trees/${'b'.repeat(64)}.new`),
    red: { 'generation.leftovers': { verdict: 'warn', says: /\.new/, fix: APPLY } },
  },
  {
    name: 'a credential gone',
    ...moved(`${DIR}/credentials/CHP_GATEWAY_TOKEN.cred`),
    red: { 'secrets.host': { says: /does not lie/, fix: APPLY, of: 'CHP_GATEWAY_TOKEN' } },
  },
  {
    name: 'a hub that lost its identity',
    ...moved(`${DIR}/keys/identity.age`),
    red: {
      'secrets.host': { says: /can't be decrypted/, fix: /chp secret set smith/ },
      'gateway.answers': { says: /decrypted/, fix: APPLY },
    },
  },
  {
    name: 'the gateway stopped',
    ...shells(`systemctl stop ${unit('gateway')}`, `systemctl start ${unit('gateway')}`),
    red: {
      'services.running': {
        says: /inactive/,
        fix: /chp logs smith gateway; chp tenant apply smith/,
        of: 'gateway',
        automatic: 'apply',
      },
      'gateway.answers': { says: /./, fix: APPLY, automatic: 'apply' },
    },
    settles: ['gateway', 'skills', 'turn'],
  },
  {
    name: 'a gateway that hangs',
    ...signal('gateway'),
    red: { 'gateway.answers': { says: /waited 5 s|no answer/, fix: APPLY } },
    settles: ['gateway', 'skills', 'turn'],
  },
  {
    name: 'a model that refuses the key',
    plant: (hub) => {
      hub.model.answer = () => ({ status: 401 });
    },
    red: { 'turn.agent': { says: /model failed.*401|401/, fix: /chp secret list smith/ } },
    undo: (hub) => {
      hub.model.answer = () => ({ say: 'I am well.' });
    },
  },
  {
    name: 'a model that is not there any more',
    plant: (hub) => {
      hub.model.answer = () => ({ status: 404 });
    },
    red: { 'turn.agent': { says: /model failed|404/, fix: /chp logs smith gateway/ } },
    undo: (hub) => {
      hub.model.answer = () => ({ say: 'I am well.' });
    },
  },
  {
    name: 'a connector that refuses the key',
    plant: (hub) => hub.home.fail({ status: 401, times: 1_000 }),
    red: { 'connectors.call': { says: /./, fix: /chp secret list smith/, of: 'home-assistant' } },
    undo: (hub) => hub.home.mend(),
  },
  {
    name: 'a way to reach people that is down',
    plant: (hub) => hub.telegram.fail({ match: /getMe/, status: 401, times: 1_000 }),
    red: { 'connectors.notify': { says: /./, fix: /chp secret list smith/, of: 'telegram' } },
    undo: (hub) => hub.telegram.mend(),
  },
  {
    name: 'a schedule paused',
    ...shells(temporal('--pause'), temporal('--unpause')),
    red: { 'worker.schedules': { says: /is paused/, fix: /chp logs smith/ } },
  },
  {
    name: 'a worker that hangs',
    ...signal('worker'),
    red: { 'worker.answers': { says: /no answer|in time/, fix: APPLY } },
    // Each of them is asked for by itself, and hangs by itself.
    related: ['worker.pollers', 'connectors.call'],
    settles: ['worker', 'packs', 'connectors'],
  },
  {
    name: 'the worker stopped',
    ...shells(`systemctl stop ${unit('worker')}`, `systemctl start ${unit('worker')}`),
    red: {
      'services.running': { says: /inactive/, fix: APPLY, of: 'worker' },
      'worker.answers': { says: /no worker/, fix: /chp logs smith worker/ },
    },
    settles: ['worker', 'packs', 'connectors'],
  },
  {
    name: 'Temporal stopped',
    ...shells(`systemctl stop ${unit('temporal')}`, `systemctl start ${unit('temporal')}`),
    red: {
      'services.running': { says: /inactive/, fix: APPLY, of: 'temporal' },
      'worker.temporal': { says: /127\.0\.0\.1/, fix: /chp logs smith temporal/ },
    },
    related: ['worker.pollers'],
    settles: ['worker', 'packs', 'connectors'],
  },
];
