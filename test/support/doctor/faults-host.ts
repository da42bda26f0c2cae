import { APPLY, type Fault } from './fault.ts';
import { DIR, type Hub, ROOT } from './hub.ts';

const sh = (script: string) => (hub: Hub) => hub.sh(script);
/** What is above is done, what is below undoes it. */
const shells = (plant: string, undo: string): Pick<Fault, 'plant' | 'undo'> => ({ plant: sh(plant), undo: sh(undo) });
const moved = (path: string) => shells(`mv ${path} ${path}.away`, `mv ${path}.away ${path}`);
const saved = (path: string, change: string) =>
  shells(`cp -a ${path} /root/saved && ${change}`, `cp -a /root/saved ${path} && rm -f /root/saved`);

const AGENT_DEAD = ['agent.answers'];
const remount = (more: string) => `mount -o remount,${more} ${ROOT}`;
const used = `$(df -Pk ${ROOT} | awk 'NR==2 {print $3}')`;
const inodes = `$(df -Pi ${ROOT} | awk 'NR==2 {print $3}')`;

/** The way to the host, and the host itself. */
export const HOST: Fault[] = [
  {
    name: 'sshd stopped',
    ...shells('systemctl stop ssh', 'systemctl start ssh'),
    red: { 'ssh.reach': { says: /can't be reached/, fix: /chp|host|ssh/ } },
  },
  {
    name: 'another host key',
    ...shells(
      'mkdir -p /root/keys && cp -a /etc/ssh/ssh_host_* /root/keys && rm /etc/ssh/ssh_host_* && ssh-keygen -qA && systemctl restart ssh',
      'rm /etc/ssh/ssh_host_* && mv /root/keys/* /etc/ssh/ && systemctl restart ssh',
    ),
    red: { 'ssh.host-key': { says: /another host key|not known/, fix: /key/ } },
  },
  {
    name: 'our public key removed',
    ...moved('/home/ops/.ssh/authorized_keys'),
    red: { 'ssh.login': { says: /refused every key/, fix: /authorized_keys|key/ } },
  },
  {
    name: 'sudo taken away',
    ...moved('/etc/sudoers.d/ops'),
    red: { 'ssh.root': { says: /sudo/, fix: /NOPASSWD/ } },
  },
  {
    name: 'the agent gone',
    ...moved(`${ROOT}/agent/agent.mjs`),
    red: { 'agent.answers': { says: /agent/, fix: APPLY } },
  },
  {
    name: 'the agent of another chp',
    ...saved(`${ROOT}/agent/agent.mjs`, `echo '// older' >> ${ROOT}/agent/agent.mjs`),
    red: { 'agent.version': { verdict: 'warn', says: /this chp is/, fix: APPLY, automatic: 'apply' } },
  },
  {
    name: 'the node that the agent runs on can’t be run',
    plant: sh(`chmod 644 ${ROOT}/trees/*/bin/node`),
    red: { 'agent.answers': { says: /agent/, fix: APPLY } },
    related: AGENT_DEAD,
    undo: sh(`chmod 755 ${ROOT}/trees/*/bin/node`),
  },
  {
    name: 'the disk nearly full',
    ...shells(remount(`size=$(( ${used} + 700000 ))k`), remount('size=4g')),
    red: {
      'host.disk': {
        verdict: 'warn',
        says: /6\d\d of \d+ MB free/,
        fix: /chp exec smith --root -- journalctl --vacuum/,
      },
    },
  },
  {
    name: 'the disk full',
    ...shells(remount(`size=$(( ${used} + 90000 ))k`), remount('size=4g')),
    red: { 'host.disk': { says: /8\d of \d+ MB free/, fix: /chp exec smith --root -- journalctl --vacuum/ } },
  },
  {
    name: 'no inodes left',
    ...shells(remount(`nr_inodes=$(( ${inodes} + 900 ))`), remount('nr_inodes=200000')),
    red: { 'host.inodes': { says: /^[89]\d\d of/, fix: /du --inodes/ } },
  },
  {
    name: 'a disk that became read-only',
    // This mount alone: the services have their own of the same disk.
    ...shells(remount('bind,ro'), remount('bind,rw')),
    red: { 'host.writable': { says: /read-only/, fix: /remount,rw/ } },
  },
  {
    name: 'the host’s clock ten minutes behind',
    plant: () => {},
    red: { 'host.clock': { says: /[56]\d\d s behind/, fix: /set-ntp/ } },
    undo: () => {},
    shiftS: 600,
    look: { only: ['host'] },
  },
  {
    name: 'the host’s clock a minute ahead',
    plant: () => {},
    red: { 'host.clock': { verdict: 'warn', says: /[56]\d s ahead/, fix: /set-ntp/ } },
    undo: () => {},
    shiftS: -60,
    look: { only: ['host'] },
  },
  {
    name: 'a reboot that is due',
    ...shells('touch /run/reboot-required', 'rm /run/reboot-required'),
    red: { 'host.reboot': { verdict: 'warn', says: /asks for one/, fix: /systemctl reboot/ } },
  },
  {
    name: 'nobody looked for updates',
    ...shells('touch -d "40 days ago" /var/lib/apt/lists', 'touch /var/lib/apt/lists'),
    red: { 'host.updates': { verdict: 'warn', says: /40 days old/, fix: /apt-get update/ } },
  },
  {
    name: 'the firewall flushed',
    ...shells('nft delete table inet chp', 'systemctl restart chp-firewall'),
    red: { 'host.firewall': { says: /not loaded/, fix: APPLY, automatic: 'apply' } },
  },
  {
    name: 'a port opened by hand',
    ...shells('nft add element inet chp open { 8080 }', 'systemctl restart chp-firewall'),
    red: { 'host.firewall': { says: /open are the ports 22, 8080/, fix: APPLY } },
  },
  {
    name: 'a rule that lets everything in',
    ...shells('nft insert rule inet chp input accept', 'systemctl restart chp-firewall'),
    red: { 'host.firewall': { says: /7 rules are loaded, 6/, fix: APPLY } },
  },
  {
    name: 'the firewall’s policy turned',
    ...shells(`nft add chain inet chp input '{ policy accept; }'`, 'systemctl restart chp-firewall'),
    red: { 'host.firewall': { says: /policy accept/, fix: APPLY } },
  },
  {
    name: 'a firewall that does not come back',
    ...shells('systemctl disable -q chp-firewall', 'systemctl enable -q chp-firewall'),
    red: { 'host.firewall': { says: /after a boot/, fix: APPLY } },
  },
  {
    name: 'the family’s state open to all',
    ...shells(`chmod 755 ${DIR}/state`, `chmod 700 ${DIR}/state`),
    red: { 'host.folders': { says: /mode 755; should be chp-smith’s with 700/, fix: APPLY, of: `${DIR}/state` } },
  },
  {
    name: 'keys that belong to the login user',
    ...shells(`chown ops ${DIR}/keys`, `chown root ${DIR}/keys`),
    red: { 'host.folders': { says: /is ops’s/, fix: APPLY, of: `${DIR}/keys`, automatic: 'apply' } },
  },
  {
    name: 'a folder of snapshots that is gone',
    ...moved(`${DIR}/snapshots`),
    red: { 'host.folders': { says: /missing/, fix: APPLY, of: `${DIR}/snapshots` } },
  },
];
