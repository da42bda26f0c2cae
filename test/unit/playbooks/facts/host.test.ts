import { describe, expect, test } from 'vitest';
import type { Transport } from '../../../../src/core/ports/transport.ts';
import { platformOf, readHostFacts } from '../../../../src/playbooks/facts/host.ts';

const LINES = [
  'os=Debian=GNU/Linux 12',
  'arch=x86_64',
  'kernel=6.1',
  'glibc=2.36',
  'user=ops',
  'uid=1000',
  'home=/home/ops',
  'sshPort=2222',
  'rootAccess=no',
  'systemd=',
  `epoch=${Math.round(Date.now() / 1000) - 3600}`,
  'cpus=2',
  'memoryMb=4000',
  'diskFreeMb=20000',
  'inodesFree=',
  'readOnly=no',
  'noExec=yes',
  'ports=0016 4965 ',
  'tools= flock tar',
];

/** A host that answers like this. */
const host = (stdout: string, code = 0, stderr = ''): Transport =>
  ({ target: 'ops@hub', exec: async () => ({ code, stdout, stderr }) }) as unknown as Transport;
const read = (stdout: string, ...rest: [number?, string?]) =>
  readHostFacts(host(stdout, ...rest), '/var/lib/chp', 'smith');

test('facts of a host without chp, systemd, root and inodes', async () => {
  const facts = await read(LINES.join('\n'));
  expect(facts).toMatchObject({
    os: 'Debian=GNU/Linux 12',
    sshPort: 2222,
    rootAccess: false,
    systemd: null,
    inodesFree: null,
    readOnly: false,
    noExec: true,
    ports: [22, 18789],
    tools: ['flock', 'tar'],
    chp: null,
  });
  expect(Math.abs(facts.clockOffsetS + 3600)).toBeLessThan(5);
  expect(platformOf(facts)).toBe('linux-x64');
  expect(() => platformOf({ ...facts, arch: 'mips' })).toThrow(expect.objectContaining({ code: 'HOST_UNFIT' }));
});

test('what is there of chp', async () => {
  const about = '{"schema":1,"nodeTree":"abc"}';
  const there = [...LINES, `hostFile=${about}`, 'tenants=jones smith ', 'tenantFile={"manager":"compose"}'];
  expect((await read(there.join('\n'))).chp).toEqual({
    manager: 'compose',
    nodeTree: 'abc',
    tenants: ['jones', 'smith'],
  });
});

test.each(['{"schema":', '[]', '{"nodeTree":1}', '{}', 'null', ''])(
  'with a host.json like %j, what can be seen is told',
  async (about) => {
    const more = [`hostFile=${about}`, 'nodeTrees=abc', 'tenants=smith'];
    const seen = { nodeTree: 'abc', tenants: ['smith'], manager: null };
    expect((await read([...LINES, ...more].join('\n'))).chp).toEqual(seen);
    expect((await read([...LINES, `hostFile=${about}`].join('\n'))).chp).toBeNull();
  },
);

describe('containers', () => {
  const look = async (...lines: string[]) =>
    (await readHostFacts(host([...LINES, ...lines].join('\n')), '/var/lib/chp', 'smith', 'debian:12')).containers;

  test('only where they are asked for', async () => {
    expect((await read([...LINES, 'engine=20.10.24'].join('\n'))).containers).toBeNull();
  });
  test('all is there', async () => {
    expect(await look('engine=20.10.24', 'compose=docker compose', 'image=yes')).toEqual({
      engine: '20.10.24',
      fault: null,
      compose: 'docker compose',
      image: true,
    });
  });
  test('an engine that does not answer', async () => {
    const fault = 'permission denied: dial unix /var/run/docker.sock=x';
    expect(await look(`engineFault=${fault}`)).toEqual({ engine: null, fault, compose: null, image: false });
  });
});

describe('what is refused', () => {
  test.each<[string, string, number, string, string, RegExp]>([
    ['a login that is a menu', 'Welcome! 1) reboot 2) exit\n', 0, '', 'HOST_UNFIT', /did not answer as a Linux host/],
    ['a shell that is none', '', 127, 'sh: not found', 'HOST_UNFIT', /did not answer/],
    [
      'a fact that is missing',
      LINES.filter((line) => !line.startsWith('memoryMb')).join('\n'),
      0,
      '',
      'AGENT_FAILED',
      /"memoryMb"/,
    ],
  ])('%s', async (_, stdout, code, stderr, error, message) => {
    await expect(read(stdout, code, stderr)).rejects.toMatchObject({
      code: error,
      message: expect.stringMatching(message),
    });
  });
});
