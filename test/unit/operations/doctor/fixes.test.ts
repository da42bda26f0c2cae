import { expect, test } from 'vitest';
import { type AutomaticFix, type DoctorCheck, type DoctorReport, sumOf } from '../../../../src/core/doctor.ts';
import { stageOf } from '../../../../src/operations/doctor/host-session.ts';
import { plannedFixes } from '../../../../src/operations/doctor/planned-fixes.ts';
import { sinceWhen } from '../../../../src/operations/doctor/since.ts';

const bad = (id: string, automatic: AutomaticFix | null, of: string | null = null): DoctorCheck => ({
  ...{ id, of, group: 'host', title: '', verdict: 'fail', detail: '', ms: 0 },
  fix: { text: '', command: null, automatic },
});
const report = (tenant: string | null, ...checks: DoctorCheck[]): DoctorReport => ({
  tenant,
  checks,
  sum: sumOf(checks),
  ms: 0,
});

test('each safe fix once a tenant; what was cut is finished first, what is not safe is left', () => {
  const planned = plannedFixes([
    report(null, bad('catalogue.expiry', 'renew-catalogue', 'home'), bad('catalogue.expiry', 'renew-catalogue', 'own')),
    report(
      'smith',
      bad('host.firewall', 'apply'),
      bad('host.folders', 'apply', '/a'),
      bad('host.folders', 'apply', '/b'),
    ),
    report('jones', bad('host.disk', null), bad('generation.cut', 'recover')),
  ]);
  expect(planned).toEqual([
    { fix: 'renew-catalogue', tenant: null, of: 'home', checks: ['catalogue.expiry'] },
    { fix: 'renew-catalogue', tenant: null, of: 'own', checks: ['catalogue.expiry'] },
    { fix: 'recover', tenant: 'jones', of: null, checks: ['generation.cut'] },
    { fix: 'apply', tenant: 'smith', of: null, checks: ['host.firewall', 'host.folders'] },
  ]);
});

test.each([
  ['90m', '2026-11-25T10:30:00.000Z'],
  ['24h', '2026-11-24T12:00:00.000Z'],
  ['7d', '2026-11-18T12:00:00.000Z'],
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
])('since %s', (text, at) => {
  expect(sinceWhen(text, new Date('2026-11-25T12:00:00Z')).toISOString()).toBe(at);
});

test.each(['', 'yesterday', '5', '-1h', '2027-01-01'])('since %j is refused', (text) => {
  expect(() => sinceWhen(text, new Date('2026-11-25T12:00:00Z'))).toThrow(/is no time in the past/);
});

test.each([
  ['HOST_UNREACHABLE', 'hub can’t be reached', 'reach'],
  ['DEADLINE', 'no answer', 'reach'],
  ['HOST_KEY_CHANGED', 'another key', 'host-key'],
  ['HOST_AUTH', 'refused', 'login'],
  ['HOST_UNFIT', 'sudo asks for a password', 'root'],
  ['AGENT_FAILED', 'not in the protocol', 'agent'],
  ['HOST_UNREACHABLE', 'the host agent stopped without an answer', 'agent'],
])('%s "%s" ends at %s', (code, why, stage) => {
  expect(stageOf(code, why)).toBe(stage);
});
