import { expect, test } from 'vitest';
import { decryptWith, encryptTo, generateIdentity } from '../../../../src/adapters/secrets/age.ts';
import { redactor } from '../../../../src/core/redact.ts';

test('what is encrypted to a recipient is read with its identity, byte for byte', async () => {
  const { identity, recipient } = await generateIdentity();
  expect([identity, recipient]).toEqual([expect.stringMatching(/^AGE-SECRET-KEY-1/), expect.stringMatching(/^age1/)]);
  for (const text of ['value', '', ' spaces \n', 'ü€😀', 'x'.repeat(100_000)]) {
    const armored = await encryptTo(recipient, text);
    expect(armored).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    expect(await decryptWith(identity, armored)).toBe(text);
  }
});

test('another identity, a changed text and a bad recipient are refused without the value', async () => {
  const { identity, recipient } = await generateIdentity();
  const other = await generateIdentity();
  const armored = await encryptTo(recipient, 'the-value-itself');
  const changed = armored.replace(
    /^(.*\n.*\n)(.)/,
    (_all, head: string, first: string) => head + (first === 'A' ? 'B' : 'A'),
  );
  const attempts = [
    [other.identity, armored],
    [identity, changed],
    [identity, 'nonsense'],
  ] as const;
  for (const [key, text] of attempts) await expect(decryptWith(key, text)).rejects.toMatchObject({ code: 'INTEGRITY' });
  await expect(encryptTo('age1nonsense', 'the-value-itself')).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('values and identities that passed through are hidden from output', async () => {
  const { identity, recipient } = await generateIdentity();
  await encryptTo(recipient, 'never-to-be-seen');
  expect(redactor.text(`${identity} never-to-be-seen`)).toBe('[hidden] [hidden]');
});
