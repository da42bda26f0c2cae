import { expect, test } from 'vitest';
import { Redactor } from '../../../src/core/redact.ts';

const secret = 'p@ss "word"\\+/=?';

function knowing(...values: string[]): Redactor {
  const redactor = new Redactor();
  redactor.add(...values);
  return redactor;
}

test('hides a value in the forms it travels in', () => {
  const redactor = knowing(secret);
  const forms = [
    secret,
    JSON.stringify(secret),
    `https://host/?key=${encodeURIComponent(secret)}`,
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ];
  for (const form of forms) {
    const text = redactor.text(`before ${form} after ${form}`);
    expect(text).toMatch(/^before .*\[hidden\].* after .*\[hidden\].*$/);
    expect(text).not.toContain(form);
  }
});

test('hides the longest of several that contain each other', () => {
  expect(knowing('secret', 'secret-and-more').text('secret-and-more, secret')).toBe('[hidden], [hidden]');
});

test('hides each long line of a key', () => {
  const key = `-----BEGIN KEY-----\n${'A'.repeat(40)}\n${'B'.repeat(40)}\n-----END KEY-----\n`;
  expect(knowing(key).text(`error near ${'B'.repeat(40)}`)).toBe('error near [hidden]');
});

test('leaves ordinary text, and what is too short to be a secret', () => {
  expect(knowing('on', '', '   ', '\n\n\n\n\n\n\n\n').text('one on the wall')).toBe('one on the wall');
});

test('walks plain data, keys too, and leaves the original as it was', () => {
  const data = { list: [{ [secret]: secret }], count: 1, none: null, when: new Date(0) };
  expect(knowing(secret).json(data)).toEqual({
    list: [{ '[hidden]': '[hidden]' }],
    count: 1,
    none: null,
    when: '1970-01-01T00:00:00.000Z',
  });
  expect(data.list).toEqual([{ [secret]: secret }]);
});
