import { expect, test } from 'vitest';
import type { GenerationManifest } from '../../../../src/core/generation.ts';
import { tenantLayout } from '../../../../src/core/host-layout.ts';
import { resolveServices } from '../../../../src/services/host-agent/manager/resolve.ts';
import { renderRecoverUnit, renderUnit, withoutFingerprint } from '../../../../src/services/host-agent/manager/unit.ts';

const [NODE, APP] = ['a'.repeat(64), 'b'.repeat(64)];
const layout = tenantLayout('/var/lib/chp', 'demo');
const manifest = {
  tenant: 'demo',
  runtime: { name: 'clawdbot', version: '1', node: NODE, app: APP },
  files: [
    { path: 'secrets/TOKEN.age', sha256: 'one' },
    { path: 'services/helper.mjs', sha256: 'two' },
    { path: 'skills/x/SKILL.md', sha256: 'three' },
  ],
  services: [
    {
      name: 'gateway',
      argv: ['{node}', '{app}/entry.js', '--say', '100% "$HOME" {unknown}'],
      env: { CLAWDBOT_CONFIG_PATH: '{config}', NOTE: 'two words' },
      credentials: ['TOKEN'],
      memoryMaxMb: 1024,
      tasksMax: 64,
      stopTimeoutS: 30,
    },
    {
      name: 'helper',
      argv: ['{node}', '{generation}/services/helper.mjs'],
      env: {},
      credentials: [],
      memoryMaxMb: 128,
      tasksMax: 16,
      stopTimeoutS: 5,
    },
  ],
} as unknown as GenerationManifest;

const resolved = (change: Partial<GenerationManifest> = {}, config: string | null = 'c1') =>
  resolveServices('/var/lib/chp', { ...manifest, ...change }, config);
const fingerprints = (...of: Parameters<typeof resolved>) => resolved(...of).map((service) => service.fingerprint);

test('placeholders are filled in; what is none stays', () => {
  const [gateway] = resolved();
  expect(gateway?.argv).toEqual([
    `/var/lib/chp/trees/${NODE}/bin/node`,
    `/var/lib/chp/trees/${APP}/entry.js`,
    '--say',
    '100% "$HOME" {unknown}',
  ]);
  expect(gateway?.env).toMatchObject({ CLAWDBOT_CONFIG_PATH: layout.config, CHP_RUNTIME_TREE: APP });
});

test('only what a process depends on restarts it', () => {
  const [gateway, helper] = fingerprints();
  const files = (path: string) => ({
    files: manifest.files.map((file) => (file.path === path ? { ...file, sha256: 'new' } : file)),
  });
  const change = (...of: Parameters<typeof resolved>) => {
    const [g, h] = fingerprints(...of);
    return [g !== gateway, h !== helper];
  };
  expect(change({}, 'c2')).toEqual([true, false]);
  expect(change(files('secrets/TOKEN.age'))).toEqual([true, false]);
  expect(change(files('services/helper.mjs'))).toEqual([false, true]);
  expect(change(files('skills/x/SKILL.md'))).toEqual([false, false]);
});

test('a unit quotes what systemd would read otherwise, and names credentials, never values', () => {
  const [gateway] = resolved();
  if (!gateway) throw new Error('no gateway');
  const unit = renderUnit('demo', gateway, layout, false);
  expect(unit).toContain(`ExecStart=/bin/sh ${layout.dir}/launch.sh /var/lib/chp/trees/${NODE}/bin/node`);
  expect(unit).toContain('--say "100%% \\"$$HOME\\" {unknown}"');
  expect(unit).toContain('Environment="NOTE=two words"');
  expect(unit).toContain(`LoadCredentialEncrypted=TOKEN:${layout.credentials}/TOKEN.cred`);
  expect(unit).toContain('User=chp-demo');
  expect(unit).toContain('MemoryMax=1024M');
  expect(unit).toContain(`ReadWritePaths=${layout.state} ${layout.home} ${layout.tmp} ${layout.logs}\n`);
  expect(unit).not.toMatch(/\{\{/);
});

test('the fingerprint is the one line that may differ', () => {
  const units = ['c1', 'c2'].map((config) => {
    const [gateway] = resolved({}, config);
    return gateway ? renderUnit('demo', gateway, layout, false) : '';
  });
  expect(units[0]).not.toBe(units[1]);
  expect(withoutFingerprint(units[0] ?? '')).toBe(withoutFingerprint(units[1] ?? ''));
});

test('the recovery unit runs at boot where there is a journal', () => {
  const unit = renderRecoverUnit('demo', layout, ['/node', '/agent.mjs', 'recover']);
  expect(unit).toContain(`ConditionPathExists=${layout.journal}`);
  expect(unit).toContain('ExecStart=/node /agent.mjs recover\n');
  expect(unit).toContain('WantedBy=multi-user.target');
});
