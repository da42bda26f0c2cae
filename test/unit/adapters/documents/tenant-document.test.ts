import { describe, expect, test } from 'vitest';
import { newTenantText } from '../../../../src/adapters/documents/new-tenant.ts';
import { parseTenant } from '../../../../src/adapters/documents/tenant-document.ts';
import { ChpError } from '../../../../src/core/errors.ts';
import { cases, trimmed } from '../../../support/cases.ts';

const LEAST = 'schema: 1\nname: smith\ntopology: hub\nhost: local\nmodel: {provider: demo}\n';

/** The error of a document that must be refused. */
function refusal(text: string): ChpError {
  try {
    parseTenant(text, 'tenant.yaml');
  } catch (error) {
    if (error instanceof ChpError) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}

/** The keys of a document grow in number. */
const TOP = /(in the document; known are) .*/g;

describe('what is refused: file:line:col, the line, what was expected, what was meant', () => {
  test.each(cases('tenant-yaml', 'refused'))('$name', ({ parts: [document = '', expected = ''] }) => {
    const error = refusal(document);
    expect(trimmed(error.message).replace(TOP, '$1 …')).toBe(trimmed(expected));
    expect(error).toMatchObject({ code: 'BAD_DOCUMENT', exitCode: 2 });
  });
});

describe('what is accepted, with defaults', () => {
  test.each(cases('tenant-yaml', 'accepted'))('$name', ({ parts: [document = '', expected = ''] }) => {
    expect(parseTenant(document, 'tenant.yaml').tenant).toMatchObject(JSON.parse(expected));
  });

  test('Windows line ends and a byte order mark', () => {
    const { tenant } = parseTenant(LEAST, 't');
    expect(parseTenant(LEAST.replaceAll('\n', '\r\n'), 't').tenant).toEqual(tenant);
    expect(parseTenant(`\uFEFF${LEAST}`, 't').tenant).toEqual(tenant);
  });

  test('what chp itself writes, with texts that YAML could take for something else', () => {
    const document = {
      schema: 1 as const,
      name: 'smith',
      topology: 'hub' as const,
      host: 'ops@hub.example',
      model: { provider: 'openai-compatible' as const, id: 'no', baseUrl: 'http://127.0.0.1:1/v1' },
      members: [{ id: '1e3', name: '# 22:00 - "no"', role: 'Adult' as const }],
      config: { a: ['yes', 'null', '~', '0o17', '', ' x ', '{', '*a', 'two\nlines'] },
    };
    expect(parseTenant(newTenantText(document), 't').document).toEqual(document);
  });
});

describe('hostile input ends soon, with one problem', () => {
  const times = (text: string, bytes: number): string => text.repeat(bytes / text.length);

  test.each([
    ['more than it may have', `${LEAST}config: {a: "${times('x', 300_000)}"}\n`, /more than 256 KiB/],
    ['brackets', `${LEAST}config: ${times('[', 200_000)}`, /nested too deep/],
    ['maps in one line', times('a: ', 100_000), /nested too deep|Nested mappings/],
    ['lists in one line', times('- ', 100_000), /nested too deep/],
    ['anchors', times('&a ', 100_000), /at most one anchor/],
    ['one key again and again', times('a:\n', 100_000), /a second key "a"/],
    ['many keys', Array.from({ length: 15_000 }, (_, i) => `k${i}: 1`).join('\n'), /unknown key "k0"/],
    ['aliases', `${LEAST}config: {a: &a 1, b: [${times('*a, ', 40_000)}]}\n`, /more than 100 aliases/],
    ['bytes', `${LEAST}\0\x01\x02`, /it is not text/],
  ])('%s', (_, text, says) => {
    const { message } = refusal(text);
    expect(message).toMatch(says);
    expect(message.length).toBeLessThan(20_000);
  });

  test('prototypes are left alone', () => {
    refusal(`${LEAST}config:\n  "__proto__": {polluted: 1}\n  constructor: {prototype: {polluted: 1}}\n`);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

test('what looks like a secret is in no part of the error', () => {
  const secret = 'canary-1f9a8c77-plain';
  const error = refusal(
    `${LEAST}hots: x\nconfig: {hooks: {token: ${secret}}, password: '${secret}', api_key: "${secret}", unknwon: [}}\n`,
  );
  expect(JSON.stringify(error)).not.toContain(secret);
  expect(error.message).toContain('*'.repeat(secret.length));
});
