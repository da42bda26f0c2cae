import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packagePath } from '../../../../src/core/package-root.ts';
import { loadedRules, rulesIn } from '../../../../src/services/host-agent/doctor/firewall.ts';
import { certificatesIn } from '../../../../src/services/host-agent/doctor/secrets.ts';
import { differences, settingsOf } from '../../../../src/services/host-agent/doctor/services.ts';

test('rules are counted alike in chp’s own file and in what nft lists', () => {
  const table = readFileSync(packagePath('templates', 'host', 'firewall.nft'), 'utf8');
  expect(rulesIn(table)).toBe(6);
  const rule = { rule: { family: 'inet', chain: 'input', handle: 3 } };
  const listed = [
    { metainfo: { version: '1.0.6' } },
    { set: { name: 'open', elem: [8443, 22, { range: [6000, 6010] }] } },
    { chain: { name: 'input', policy: 'drop' } },
    ...Array.from({ length: 6 }, () => rule),
  ];
  expect(loadedRules(JSON.stringify({ nftables: listed }))).toEqual({
    ...{ policy: 'drop', open: [22, 6000, 6010, 8443], rules: 6 },
  });
});

const unit =
  '[Service]\nUser=chp-smith\nMemoryMax=512M\nNoNewPrivileges=yes\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\n';
const inForce = (more: Record<string, string> = {}) =>
  new Map(Object.entries({ User: 'chp-smith', MemoryMax: '536870912', NoNewPrivileges: 'yes', ...more }));

test.each([
  ['as it was written', {}, []],
  ['a limit that is lifted', { MemoryMax: 'infinity' }, ['MemoryMax']],
  ['a drop-in', { DropInPaths: '/etc/systemd/system/x.service.d/a.conf' }, ['DropInPaths']],
  ['an edit that was not loaded', { NeedDaemonReload: 'yes' }, ['NeedDaemonReload']],
  ['another user', { User: 'root', NoNewPrivileges: 'no' }, ['User', 'NoNewPrivileges']],
])('what is in force: %s', (_, found, named) => {
  expect(differences(settingsOf(unit), inForce(found)).map(({ property }) => property)).toEqual(named);
});

test('text that only looks like a certificate is passed over', () => {
  expect(certificatesIn('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n')).toEqual([]);
  expect(certificatesIn('a token')).toEqual([]);
});
