import { describe, expect, test } from 'vitest';
import { type DesiredBase, desiredDirs, desiredFiles } from '../../../../src/playbooks/host-base/desired.ts';
import { type BaseFacts, describeAction, planBase } from '../../../../src/playbooks/host-base/steps.ts';
import { jsonCases } from '../../../support/cases.ts';

const DESIRED: DesiredBase = {
  root: '/var/lib/chp',
  tenant: 'smith',
  manager: 'systemd',
  node: { digest: 'a'.repeat(64), archive: '/nowhere' },
  agent: { digest: 'b'.repeat(64), path: '/nowhere' },
  ageIdentity: 'AGE-SECRET-KEY-CANARY',
  signingPublicKey: '-----BEGIN PUBLIC KEY-----\n',
  firewallPorts: null,
  packages: [],
};

/** A host on which all is as it should be. */
function converged(desired: DesiredBase): BaseFacts {
  const login = 'ops';
  return {
    login,
    userExists: true,
    nodeTree: true,
    firewall: desired.firewallPorts !== null,
    nft: true,
    baseImage: desired.baseImage ?? false,
    packages: Object.fromEntries(desired.packages.map((name) => [name, true])),
    paths: Object.fromEntries([
      ...desiredDirs(desired, login).map(({ path, mode, owner }) => [path, { mode, owner }]),
      ...desiredFiles(desired, login).map(({ path, mode, owner, sha256 }) => [path, { mode, owner, sha256 }]),
    ]),
  };
}

interface BaseCase {
  /** Of what is wanted. */
  desired?: Partial<DesiredBase>;
  /** Of a host where all is as it should be. */
  facts?: Partial<Omit<BaseFacts, 'paths'>>;
  /** Changes of single paths; null = it is not there. */
  paths?: Record<string, Partial<BaseFacts['paths'][string]> | null>;
  /** Nothing at all is there. */
  bare?: boolean;
  actions: string[];
}

describe('what is to be done on a host', () => {
  test.each(jsonCases<BaseCase>('host-base'))('$name', ({ desired: more, facts: other, paths = {}, bare, actions }) => {
    const desired = { ...DESIRED, ...more };
    const facts: BaseFacts = { ...converged(desired), ...other };
    if (bare)
      Object.assign(facts, {
        userExists: false,
        nodeTree: false,
        baseImage: false,
        firewall: false,
        packages: {},
        paths: {},
      });
    for (const [path, change] of Object.entries(paths)) {
      if (change === null) delete facts.paths[path];
      else facts.paths[path] = { ...(facts.paths[path] as BaseFacts['paths'][string]), ...change };
    }
    const planned = planBase(facts, desired);
    expect(planned.map(describeAction)).toEqual(actions);
    expect(JSON.stringify(planned.map(describeAction))).not.toContain('CANARY');
  });
});

test('private keys and credentials are for root alone, and only the tenant’s own folders are the tenant’s', () => {
  const dirs = new Map(desiredDirs(DESIRED, 'ops').map((dir) => [dir.path.replace('/var/lib/chp/', ''), dir]));
  for (const path of ['tenants/smith/keys', 'tenants/smith/credentials', 'tenants/smith/snapshots'])
    expect(dirs.get(path)).toMatchObject({ mode: '700', owner: 'root' });
  for (const path of ['tenants/smith/state', 'tenants/smith/home', 'tenants/smith/tmp', 'tenants/smith/logs'])
    expect(dirs.get(path)).toMatchObject({ mode: '700', owner: 'chp-smith' });
  const identity = desiredFiles(DESIRED, 'ops').find(({ path }) => path.endsWith('identity.age'));
  expect(identity).toMatchObject({ mode: '600', owner: 'root' });
});
