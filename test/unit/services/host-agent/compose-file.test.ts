import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { tenantLayout } from '../../../../src/core/host-layout.ts';
import {
  type ComposeInput,
  containerName,
  renderCompose,
  renderPasswd,
  servicesIn,
  withoutFingerprints,
} from '../../../../src/services/host-agent/manager/compose-file.ts';
import type { ResolvedService } from '../../../../src/services/host-agent/manager/manager.ts';

const layout = tenantLayout('/var/lib/chp', 'demo');
const service = (change: Partial<ResolvedService> = {}): ResolvedService => ({
  name: 'gateway',
  argv: ['/node', 'entry.js', '--say', '100% "$HOME" \\ ${X}\n- injected: true'],
  env: { CLAWDBOT_CONFIG_PATH: layout.config, NOTE: 'it costs $5: # {{dir}}' },
  credentials: ['TOKEN'],
  image: 'registry.example:5000/base:1.2',
  memoryMaxMb: 1024,
  tasksMax: 64,
  stopTimeoutS: 30,
  fingerprint: 'f1',
  ...change,
});
const input = (change: Partial<ComposeInput> = {}): ComposeInput => ({
  root: '/var/lib/chp',
  tenant: 'demo',
  user: { name: 'chp-demo', uid: 998, gid: 997 },
  services: [service({ name: 'demo-model', credentials: [], stopTimeoutS: 5 }), service()],
  configWritable: false,
  ...change,
});
const rendered = (change: Partial<ComposeInput> = {}) => parse(renderCompose(input(change)));
const gateway = (change: Partial<ComposeInput> = {}) => rendered(change).services.gateway;

describe('each service', () => {
  test('is confined, whatever it is', () => {
    const { services } = rendered();
    expect(Object.keys(services)).toEqual(['demo-model', 'gateway']);
    for (const one of Object.values(services))
      expect(one).toMatchObject({
        user: '998:997',
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        read_only: true,
        init: true,
        ipc: 'private',
        mem_limit: '1024m',
        memswap_limit: '1024m',
        pids_limit: 64,
        ulimits: { core: 0 },
        restart: 'always',
        pull_policy: 'never',
        logging: { driver: 'json-file', options: { 'max-size': '5m', 'max-file': '3' } },
      });
    for (const one of Object.values(services))
      for (const key of ['privileged', 'cap_add', 'ports', 'devices', 'pid', 'build', 'env_file'])
        expect(one).not.toHaveProperty(key);
    expect(renderCompose(input())).not.toContain('docker.sock');
  });

  test('may take as long to end as it needs', () => {
    const { services } = rendered();
    expect([services['demo-model'].stop_grace_period, services.gateway.stop_grace_period]).toEqual(['5s', '30s']);
    expect(services.gateway.labels['chp.stop-timeout']).toBe('30');
  });

  test('starts after those listed before it', () => {
    const { services } = rendered();
    expect([services['demo-model'].depends_on, services.gateway.depends_on]).toEqual([[], ['demo-model']]);
  });

  test('writes to the tenant’s own folders alone; what is root’s is hidden', () => {
    const writable = (change?: Partial<ComposeInput>) =>
      gateway(change)
        .volumes.filter((volume: { read_only: boolean }) => !volume.read_only)
        .map((volume: { target: string }) => volume.target);
    const own = [layout.state, layout.home, layout.tmp, layout.logs];
    expect(writable()).toEqual(own);
    expect(writable({ configWritable: true })).toEqual([...own, '/var/lib/chp/tenants/demo/config']);
    const mounts: { type: string; source: string }[] = gateway().volumes;
    expect(mounts.every(({ type, source }) => type === 'bind' && source.startsWith('/var/lib/chp/'))).toBe(true);
    expect(gateway().tmpfs).toEqual([
      '/tmp:size=64m,mode=1777',
      ...[layout.keys, layout.credentials, layout.snapshots, layout.run].map((path) => `${path}:size=4k,mode=0`),
    ]);
  });
});

test('words of others stay words: neither YAML nor variables of Compose', () => {
  const { command, environment } = gateway();
  expect(command.at(-1)).toBe('100% "$$HOME" \\ $${X}\n- injected: true');
  expect(environment.NOTE).toBe('it costs $$5: # {{dir}}');
  expect(gateway()).not.toHaveProperty('injected');
});

test('secrets are named, with the file the engine mounts; each goes to its service alone', () => {
  const { services, secrets } = rendered();
  expect(secrets).toEqual({ TOKEN: { file: `${layout.credentials}/TOKEN` } });
  expect([services['demo-model'].secrets, services.gateway.secrets]).toEqual([[], ['TOKEN']]);
  expect(services.gateway.environment).toMatchObject({ CREDENTIALS_DIRECTORY: '/run/secrets' });
  expect(services.gateway.environment).not.toHaveProperty('TOKEN');
  expect(services.gateway.entrypoint).toEqual(['/bin/sh', `${layout.dir}/launch.sh`]);
});

test('the fingerprints are all that may differ', () => {
  const [one, two] = ['f1', 'f2'].map((fingerprint) => renderCompose(input({ services: [service({ fingerprint })] })));
  expect(one).not.toBe(two);
  expect(withoutFingerprints(one ?? '')).toBe(withoutFingerprints(two ?? ''));
});

test('the services of a file are found again; of no services, none', () => {
  expect(servicesIn(renderCompose(input()))).toEqual(['demo-model', 'gateway']);
  expect(servicesIn(renderCompose(input({ services: [] })))).toEqual([]);
});

test('no two services have one name', () => {
  expect(containerName('demo', 'demo-model')).not.toBe(containerName('demo-demo', 'model'));
});

test('the user has a name in its container', () => {
  expect(renderPasswd(input())).toContain(`chp-demo:x:998:997::${layout.home}:/bin/sh\n`);
});
