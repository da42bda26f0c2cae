import { expect, test } from 'vitest';
import { DOCTOR_GROUPS } from '../../../../src/core/doctor.ts';
import { HOST_READING_NAMES } from '../../../../src/core/host-readings.ts';
import { LOCAL_LIMITS } from '../../../../src/operations/doctor/local-readings.ts';
import { ALL_CHECKS, MACHINE_CHECKS, TENANT_CHECKS } from '../../../../src/operations/doctor/table.ts';
import { REGISTRY_LIMITS } from '../../../../src/operations/doctor/tenant-readings.ts';

test('ids are unique and begin as their group, or as what it is a part of', () => {
  expect(new Set(ALL_CHECKS.map(({ id }) => id)).size).toBe(ALL_CHECKS.length);
  for (const { id } of ALL_CHECKS) expect(id).toMatch(/^[a-z]+\.[a-z-]+$/);
  for (const group of Object.keys(DOCTOR_GROUPS))
    expect(
      ALL_CHECKS.some((one) => one.group === group),
      group,
    ).toBe(true);
});

test('every check says what is wrong when it fails, and what to do', () => {
  for (const { id, means, fix } of ALL_CHECKS) {
    expect(means, id).toMatch(/\.$/);
    expect(fix.text, id).not.toBe('');
  }
});

test('every reading that a check needs has an owner, which tells when it fails', () => {
  for (const table of [MACHINE_CHECKS, TENANT_CHECKS]) {
    const owned = new Set(table.flatMap(({ owns }) => owns));
    for (const { id, needs, owns } of table) {
      for (const name of needs) expect(owned, `${id} needs ${name}`).toContain(name);
      for (const name of owns) expect(needs, id).toContain(name);
    }
  }
});

test('every reading has a check that needs it', () => {
  const needed = new Set<string>(ALL_CHECKS.flatMap(({ needs }) => needs));
  for (const name of [...HOST_READING_NAMES, ...Object.keys(LOCAL_LIMITS), ...Object.keys(REGISTRY_LIMITS)])
    expect(needed).toContain(name);
});

test('a fix that is done by itself is one that another command would do, too', () => {
  for (const { id, fix } of ALL_CHECKS) if (fix.automatic) expect(fix.command, id).toBeDefined();
});
