import semver from 'semver';
import { check, fail, skipped, warn } from '../check.ts';

const DISK_WARN_MB = 2_000;
const DISK_FAIL_MB = 300;
const CLOCK_S = 60;

/** This machine: the operator's. */
export const HERE = [
  check({
    id: 'here.node',
    group: 'here',
    title: 'Node.js',
    means: 'chp runs on a Node.js that is older than it needs.',
    needs: ['node'],
    owns: ['node'],
    fix: { text: 'Use the Node.js that comes with chp’s dependencies, or a later one.' },
    judge: ({ node: { version, wanted } }) =>
      semver.satisfies(version, wanted) ? version : fail(`${version}, but ${wanted} is needed`),
  }),
  check({
    id: 'here.home',
    group: 'here',
    title: 'Keys are this user’s alone',
    means: 'Other users of this machine may enter CHP_HOME or read a key in it.',
    needs: ['home'],
    owns: ['home'],
    fix: {
      text: 'Take them away from others; replace a key that somebody else may have read.',
      command: 'chmod -R go-rwx "${CHP_HOME:-$HOME/.chp}"',
      automatic: 'private-modes',
    },
    judge: ({ home: { open, keys } }) =>
      open.length === 0
        ? `${keys} files with keys, none open to others`
        : fail(open.map(({ path, mode }) => `${path} has mode ${mode}`).join('; ')),
  }),
  check({
    id: 'here.audit-key',
    group: 'here',
    title: 'Key that signs the audit',
    means:
      'The file is damaged, or the key is gone although entries were signed here: a new one would be made silently.',
    needs: ['auditKey', 'clock'],
    owns: ['auditKey'],
    fix: {
      text: 'Put keys/audit.pem in CHP_HOME back from a backup. Without one: move it away; a new key is made, and old entries stay verifiable.',
    },
    judge: ({ auditKey: { present, fault }, clock: { lastEntry } }) => {
      if (fault) return fail(`keys/audit.pem can’t be used: ${fault}`);
      if (present) return 'it is there';
      return lastEntry
        ? warn('keys/audit.pem is gone; this machine has no key yet, or lost it')
        : 'made with the first change';
    },
  }),
  check({
    id: 'here.passphrase',
    group: 'here',
    title: 'Passphrase of the Pulumi state',
    means: 'There is state, but not the passphrase that its secrets are encrypted with.',
    needs: ['passphrase'],
    owns: ['passphrase'],
    fix: {
      text: 'Put keys/passphrase in CHP_HOME back from a backup, or set CHP_PASSPHRASE. Do not apply before: a new passphrase can’t read the old state.',
    },
    judge: ({ passphrase: { needed, present } }) => {
      if (present) return 'it is there';
      return needed ? fail('there is state, but keys/passphrase is missing or empty') : 'made with the first tenant';
    },
  }),
  check({
    id: 'here.registry',
    group: 'here',
    title: 'Registry',
    means: 'The registry can’t be opened, is damaged, or was written by a newer chp.',
    needs: ['registry'],
    owns: ['registry'],
    fix: { text: 'See docs/errors.md for its code.' },
    judge: ({ registry: { location, tenants } }) =>
      `${location} opens; ${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}`,
  }),
  check({
    id: 'here.jobs',
    group: 'here',
    title: 'Jobs that were cut',
    means: 'A run was killed half-way. The next one on that tenant finishes it or puts it back.',
    needs: ['jobs'],
    owns: ['jobs'],
    fix: { text: 'Run it again: it goes on from there.', command: 'chp tenant apply OF' },
    judge: ({ jobs }) =>
      jobs.length === 0
        ? 'none'
        : jobs.map(({ tenant, kind, startedAt }) =>
            warn(`${kind}, begun at ${startedAt}, did not end and nobody works on it`, { of: tenant }),
          ),
  }),
  check({
    id: 'here.engines',
    group: 'here',
    title: 'Engines',
    means: 'An engine that chp drives is not there yet; it is fetched when it is needed, which takes minutes.',
    needs: ['engines', 'registry'],
    owns: ['engines'],
    fix: { text: 'Fetch it now.', command: 'chp engine install OF' },
    judge: ({ engines, registry: { tenants } }) =>
      engines.map(({ name, minimum, found }) => {
        if (found) return { verdict: 'pass', detail: `${found.version} at ${found.path}`, of: name };
        // The others are not needed by every tenant.
        return tenants > 0 && name === 'pulumi'
          ? warn(`none that is ${minimum} or later`, { of: name })
          : skipped('it is fetched when it is first needed', name);
      }),
  }),
  check({
    id: 'here.disk',
    group: 'here',
    title: 'Disk of CHP_HOME',
    means: 'The registry, the state and bundles will not fit any more.',
    needs: ['disk'],
    owns: ['disk'],
    fix: {
      text: 'Free some space; everything in its cache is made anew when it is needed.',
      command: 'rm -rf "${CHP_HOME:-$HOME/.chp}/cache"',
    },
    judge: ({ disk: { dir, freeMb } }) => {
      const detail = `${freeMb} MB free at ${dir}`;
      return freeMb < DISK_FAIL_MB ? fail(detail) : freeMb < DISK_WARN_MB ? warn(detail) : detail;
    },
  }),
  check({
    id: 'here.clock',
    group: 'here',
    title: 'Clock',
    means: 'This machine’s clock is before the last audit entry: it was set back, or runs behind another operator’s.',
    needs: ['clock'],
    owns: ['clock'],
    fix: { text: 'Turn on time synchronisation.', command: 'timedatectl set-ntp true' },
    judge: ({ clock: { now, lastEntry } }) => {
      if (lastEntry === null) return skipped('there is no audit entry to compare it with; tenants’ hosts are compared');
      const behind = Math.round((Date.parse(lastEntry) - Date.parse(now)) / 1000);
      return behind > CLOCK_S
        ? fail(`${now} is ${behind} s before the last audit entry`)
        : 'after the last audit entry; tenants’ hosts are compared, too';
    },
  }),
  check({
    id: 'here.network',
    group: 'here',
    title: 'Names of hosts',
    means: 'The name of a host can’t be looked up: no network, no DNS, or it was renamed.',
    needs: ['network'],
    owns: ['network'],
    fix: {
      text: 'Look at the network of this machine, and at the name in tenant.yaml or the SSH configuration.',
      command: 'getent hosts OF',
    },
    judge: ({ network }) =>
      network.length === 0
        ? skipped('no tenant has a host elsewhere')
        : network.map(({ name, fault }) =>
            fault
              ? fail(`can’t be looked up: ${fault}`, { of: name })
              : { verdict: 'pass', detail: 'is found', of: name },
          ),
  }),
];
