import { describe, expect, test } from 'vitest';
import type { ServiceManager } from '../../../../src/core/agent-protocol.ts';
import { assertHostFit, lacks } from '../../../../src/playbooks/facts/fitness.ts';
import type { HostFacts } from '../../../../src/playbooks/facts/host.ts';
import { jsonCases } from '../../../support/cases.ts';

const FIT: HostFacts = {
  os: 'Debian GNU/Linux 12',
  arch: 'x86_64',
  kernel: '6.1',
  glibc: '2.36',
  user: 'ops',
  uid: 1000,
  home: '/home/ops',
  sshPort: 22,
  rootAccess: true,
  systemd: '252',
  clockOffsetS: 0,
  cpus: 2,
  memoryMb: 4000,
  diskFreeMb: 20_000,
  inodesFree: 1_000_000,
  readOnly: false,
  noExec: false,
  ports: [22],
  tools: ['flock', 'tar', 'gzip', 'setpriv', 'useradd', 'nft', 'systemd-creds', 'journalctl', 'apt-get'],
  chp: null,
  containers: null,
};

describe('a host', () => {
  test.each(
    jsonCases<{ facts: Partial<HostFacts>; manager?: ServiceManager; image?: string; lacks: string[] }>('fitness'),
  )('$name', ({ facts, manager = 'systemd', image, lacks: expected }) => {
    const found = lacks({ ...FIT, ...facts }, manager, image);
    expect(found.map(({ what }) => what)).toEqual(expected);
    for (const { next } of found) expect(next.length).toBeGreaterThan(10);
  });
});

test('all that is missing is one error, each with its way out', () => {
  const facts = { ...FIT, arch: 'riscv64', readOnly: true };
  expect(() => assertHostFit('ops@hub', facts, 'systemd')).toThrow(
    expect.objectContaining({
      code: 'HOST_UNFIT',
      exitCode: 7,
      message: "ops@hub can't be a hub: its architecture is riscv64; its file system is read-only",
      next: [expect.stringContaining('64-bit'), expect.stringContaining('remount')],
    }),
  );
  expect(() => assertHostFit('ops@hub', FIT, 'systemd')).not.toThrow();
});
