import { check, fail, skipped, warn } from '../check.ts';

const DISK_FAIL_MB = 300;
const DISK_WARN_MB = 1_500;
const INODES_FAIL = 1_250;
const INODES_WARN = 10_000;
const MEMORY_FAIL_MB = 100;
const MEMORY_WARN_MB = 250;
const LOAD_A_CPU = 8;
const CLOCK_WARN_S = 30;
const CLOCK_FAIL_S = 300;
const LISTS_OLD_DAYS = 14;
const DAY_MS = 86_400_000;

export const HOST = [
  check({
    id: 'host.disk',
    group: 'host',
    title: 'Disk',
    means:
      'The disk that chp’s folder lies on is full or nearly so: the gateway can’t write down what is said, and nothing can be pushed.',
    needs: ['machine'],
    owns: ['machine'],
    fix: {
      text: 'Free some space there; see what takes it: du -xhd 2 / | sort -h | tail',
      command: 'chp exec TENANT --root -- journalctl --vacuum-size=100M',
    },
    judge: ({ machine: { diskFreeMb, diskTotalMb } }) => {
      const detail = `${diskFreeMb} of ${diskTotalMb} MB free`;
      return diskFreeMb < DISK_FAIL_MB ? fail(detail) : diskFreeMb < DISK_WARN_MB ? warn(detail) : detail;
    },
  }),
  check({
    id: 'host.inodes',
    group: 'host',
    title: 'Inodes',
    means: 'There is no room for further files, however much space is free.',
    needs: ['machine'],
    fix: {
      text: 'Remove what has very many files.',
      command: 'chp exec TENANT --root -- sh -c "du --inodes -xd 2 / | sort -n | tail"',
    },
    judge: ({ machine: { inodesFree, inodesTotal } }) => {
      if (inodesFree === null) return skipped('this file system counts none');
      const detail = `${inodesFree} of ${inodesTotal} free`;
      return inodesFree < INODES_FAIL ? fail(detail) : inodesFree < INODES_WARN ? warn(detail) : detail;
    },
  }),
  check({
    id: 'host.writable',
    group: 'host',
    title: 'File system',
    means: 'The file system became read-only, mostly because the disk is failing.',
    needs: ['machine'],
    fix: {
      text: 'Look at the disk first, then: mount -o remount,rw',
      command: 'chp exec TENANT --root -- dmesg --level=err',
    },
    judge: ({ machine: { readOnly } }) => (readOnly ? fail('it is read-only') : 'can be written to'),
  }),
  check({
    id: 'host.memory',
    group: 'host',
    title: 'Memory',
    means: 'Little memory is left: the kernel will end something soon.',
    needs: ['machine'],
    fix: {
      text: 'See what takes it, and stop what is not needed.',
      command: 'chp exec TENANT -- ps -eo rss,comm --sort=-rss',
    },
    judge: ({ machine: { memoryAvailableMb, memoryTotalMb } }) => {
      const detail = `${memoryAvailableMb} of ${memoryTotalMb} MB available`;
      return memoryAvailableMb < MEMORY_FAIL_MB
        ? fail(detail)
        : memoryAvailableMb < MEMORY_WARN_MB
          ? warn(detail)
          : detail;
    },
  }),
  check({
    id: 'host.load',
    group: 'host',
    title: 'Load',
    means: 'Far more wants to run than there are processors: everything is slow.',
    needs: ['machine'],
    fix: { text: 'See what runs.', command: 'chp exec TENANT -- ps -eo pcpu,comm --sort=-pcpu' },
    judge: ({ machine: { load1, cpus } }) => {
      if (load1 === null) return skipped('a container tells that of the machine it runs on');
      const detail = `${load1.toFixed(1)} on ${cpus} processors`;
      return load1 > cpus * LOAD_A_CPU ? warn(detail) : detail;
    },
  }),
  check({
    id: 'host.clock',
    group: 'host',
    title: 'Clock',
    means: 'The host’s clock and this machine’s are apart: schedules fire at the wrong time, certificates are refused.',
    needs: ['machine'],
    fix: {
      text: 'Turn on time synchronisation on whichever of the two is wrong.',
      command: 'chp exec TENANT --root -- timedatectl set-ntp true',
    },
    judge: ({ machine: { now: there } }, { now }) => {
      const apart = Math.round((there - now.getTime()) / 1000);
      const detail = `${Math.abs(apart)} s ${apart < 0 ? 'behind' : 'ahead of'} this machine`;
      if (Math.abs(apart) <= CLOCK_WARN_S) return 'as this machine’s';
      return Math.abs(apart) > CLOCK_FAIL_S ? fail(detail) : warn(detail);
    },
  }),
  check({
    id: 'host.time-sync',
    group: 'host',
    title: 'Time synchronisation',
    means: 'Nothing keeps the host’s clock right.',
    needs: ['timeSync'],
    owns: ['timeSync'],
    fix: { text: 'Turn it on.', command: 'chp exec TENANT --root -- timedatectl set-ntp true' },
    judge: ({ timeSync: { synchronised } }) => {
      if (synchronised === null) return skipped('nothing there tells: no systemd, or a container');
      return synchronised ? 'on' : warn('the clock is not synchronised');
    },
  }),
  check({
    id: 'host.updates',
    group: 'host',
    title: 'Updates',
    means: 'Security updates wait, or nobody looked for updates for weeks.',
    needs: ['updates'],
    owns: ['updates'],
    fix: {
      text: 'Install them; hardening.unattendedUpgrades in tenant.yaml does so by itself.',
      command: 'chp exec TENANT --root -- sh -c "apt-get update && apt-get upgrade"',
    },
    judge: ({ updates: { pending, security, listedAt } }, { now }) => {
      if (pending === null) return skipped('it has no apt');
      const days = listedAt === null ? null : Math.floor((now.getTime() - Date.parse(listedAt)) / DAY_MS);
      if (security) return warn(`${security} security updates wait, ${pending} in all`);
      if (days !== null && days > LISTS_OLD_DAYS) return warn(`the lists of packages are ${days} days old`);
      return `${pending} wait, none for security`;
    },
  }),
  check({
    id: 'host.reboot',
    group: 'host',
    title: 'Reboot',
    means: 'An update (of the kernel, mostly) is in force only after a reboot.',
    needs: ['updates'],
    fix: {
      text: 'Reboot when the family does not need it; everything comes back by itself.',
      command: 'chp exec TENANT --root -- systemctl reboot',
    },
    judge: ({ updates: { rebootRequired } }) => (rebootRequired ? warn('the host asks for one') : 'not asked for'),
  }),
  check({
    id: 'host.firewall',
    group: 'host',
    title: 'Firewall',
    means: 'The rules that the kernel has are not those that chp laid: everything, or something else, is open.',
    needs: ['firewall', 'ports'],
    owns: ['firewall', 'ports'],
    fix: { text: 'Load them again.', command: 'chp tenant apply TENANT', automatic: 'apply' },
    judge: ({ firewall: { nft, loaded, laid, enabled }, ports }) => {
      if (ports === null) return skipped('chp was not asked for one here');
      if (!nft)
        return warn('the host has no nftables, so there is none', {
          fix: { text: 'Install it, then apply.', automatic: null },
        });
      if (!laid) return fail('chp’s rules are not on the host');
      if (!loaded) return fail('chp’s rules are not loaded: everything is open');
      if (loaded.policy !== 'drop') return fail(`what no rule names is let in (policy ${loaded.policy})`);
      if (String(loaded.open) !== String(laid.open))
        return fail(
          `open are the ports ${loaded.open.join(', ') || 'none'}; laid were ${laid.open.join(', ') || 'none'}`,
        );
      if (loaded.rules !== laid.rules) return fail(`${loaded.rules} rules are loaded, ${laid.rules} were laid`);
      const closed = ports.filter((port) => !loaded.open.includes(port));
      if (closed.length > 0) return fail(`tenant.yaml opens ${closed.join(', ')}, the firewall does not`);
      return enabled
        ? `default-deny; open: ${loaded.open.join(', ')}`
        : fail('it is loaded, but does not come back after a boot');
    },
  }),
  check({
    id: 'host.folders',
    group: 'host',
    title: 'Folders and users',
    means:
      'A folder of chp’s belongs to somebody else, or others may enter it: secrets or what the family says can be read.',
    needs: ['paths', 'base'],
    owns: ['paths', 'base'],
    fix: { text: 'Put it back.', command: 'chp tenant apply TENANT', automatic: 'apply' },
    judge: ({ paths, base }) => {
      const wrong = base.flatMap(({ path, mode, owner }) => {
        const is = paths[path];
        if (!is) return [fail('is missing', { of: path })];
        if (is.mode === mode && (owner === null || is.owner === owner)) return [];
        return [
          fail(`is ${is.owner}’s with mode ${is.mode}; should be ${owner ?? is.owner}’s with ${mode}`, { of: path }),
        ];
      });
      return wrong.length > 0 ? wrong : `${base.length} as they should be`;
    },
  }),
];
