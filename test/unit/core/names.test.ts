import { expect, test } from 'vitest';
import { assertTenantName, nearestTenantName, TENANT_NAME_PATTERN } from '../../../src/core/names.ts';

test.each(['a', '1', 'smith', 'smith-family-2', 'a--b', 'x'.repeat(27)])('%s is a tenant name', (name) => {
  expect(() => assertTenantName(name)).not.toThrow();
});

test.each([
  ['Smith', 'smith'],
  ['smith_family', 'smith-family'],
  ['smith.family', 'smith-family'],
  ['-smith', 'smith'],
  ['smith-', 'smith'],
  ['Müller & Söhne', 'muller-sohne'],
  ['../../etc/passwd', 'etc-passwd'],
  [`${'a'.repeat(26)}-bcd`, 'a'.repeat(26)],
  ['smith\n', 'smith'],
  ['', ''],
  ['日本', ''],
])('%j is none; the nearest is "%s"', (name, nearest) => {
  expect(nearestTenantName(name)).toBe(nearest);
  if (nearest) expect(nearest).toMatch(new RegExp(TENANT_NAME_PATTERN));
  expect(() => assertTenantName(name)).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', next: nearest ? [`Try "${nearest}".`] : [] }),
  );
});
