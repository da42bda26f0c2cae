import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostKeyAlgorithms } from '../../../../src/adapters/ssh/host-key.ts';
import {
  checkHostKey,
  fingerprint,
  hostPattern,
  keyType,
  pinHostKey,
  pinnedTypes,
} from '../../../../src/adapters/ssh/known-hosts.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chp-known-'));
  file = join(dir, 'known_hosts');
});
afterEach(() => rmSync(dir, { recursive: true }));

function blob(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(body)]);
}
const key = blob('ssh-ed25519', 'the key');
const other = blob('ssh-ed25519', 'another key');
const rsa = blob('ssh-rsa', 'an RSA key');
const line = (hosts: string, one = key, marker = '') => `${marker}${hosts} ${keyType(one)} ${one.toString('base64')}`;
const hashed = (name: string) => {
  const salt = Buffer.from('0123456789abcdefghij');
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
};
function check(text: string, name = 'hub', one = key) {
  writeFileSync(file, text);
  return checkHostKey([file], name, one);
}

describe('what the files say', () => {
  test.each([
    ['a name', 'hub'],
    ['one of several', 'x,hub,10.0.0.1'],
    ['upper case', 'HUB'],
    ['a pattern', 'h?b'],
    ['any', '*'],
    ['hashed', hashed('hub')],
  ])('known: %s', (_, hosts) => {
    expect(check(`${line(hosts)} a comment\r\n`)).toEqual({ is: 'known' });
  });

  test.each([
    ['another name', line('hub2')],
    ['a negated pattern', line('*,!hub')],
    ['hashed, another name', line(hashed('hub2'))],
    ['a comment', `# ${line('hub')}`],
    ['a certificate authority', line('hub', key, '@cert-authority ')],
    ['a line that is cut', 'hub ssh-ed25519'],
    ['for another port', line('[hub]:2222')],
    ['nothing', ''],
  ])('unknown: %s', (_, text) => {
    expect(check(text)).toEqual({ is: 'unknown' });
  });

  test('changed: where, and what is pinned', () => {
    const changed = { is: 'changed', known: fingerprint(other), type: 'ssh-ed25519', file, line: 3 };
    expect(check(`\n${line('x')}\n${line('hub', other)}`)).toEqual(changed);
    expect(check(`${line('hub', rsa)}\n\n${line('hub', other)}`)).toEqual(changed);
  });

  test('changed: pinned with keys of other types only', () => {
    expect(check(line('hub', rsa))).toMatchObject({ is: 'changed', type: 'ssh-rsa', known: fingerprint(rsa) });
  });

  test('one right key among others is enough; revoked beats known', () => {
    expect(check([line('hub', other), line('hub')].join('\n'))).toEqual({ is: 'known' });
    expect(check([line('hub'), line('*', key, '@revoked ')].join('\n'))).toEqual({ is: 'revoked', file, line: 2 });
    expect(check([line('hub'), line('*', other, '@revoked ')].join('\n'))).toEqual({ is: 'known' });
  });

  test('a key that is pinned without a port is good on any; another one there is not a change', () => {
    expect(check(line('hub'), '[hub]:2222')).toEqual({ is: 'known' });
    expect(check(line('hub', other), '[hub]:2222')).toEqual({ is: 'unknown' });
    expect(check([line('hub'), line('[hub]:2222', other)].join('\n'), '[hub]:2222')).toMatchObject({ is: 'changed' });
  });

  test('a file that is not there says nothing; one that can’t be read is an error', () => {
    expect(checkHostKey([join(dir, 'absent'), '/dev/null'], 'hub', key)).toEqual({ is: 'unknown' });
    expect(() => checkHostKey([dir], 'hub', key)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});

test('names', () => {
  expect(hostPattern('Hub', 22)).toBe('hub');
  expect(hostPattern('::1', 22)).toBe('::1');
  expect(hostPattern('::1', 2222)).toBe('[::1]:2222');
});

test('pins: private, one line each, also behind a line without an end', () => {
  const pins = join(dir, 'new', 'known_hosts');
  pinHostKey(pins, '[hub]:2222', key);
  expect(readFileSync(pins, 'utf8')).toBe(`${line('[hub]:2222')}\n`);
  expect(statSync(pins).mode & 0o777).toBe(0o600);
  writeFileSync(pins, line('torn'));
  pinHostKey(pins, 'hub', rsa);
  expect(readFileSync(pins, 'utf8')).toBe(`${line('torn')}\n${line('hub', rsa)}\n`);
});

test('a host is asked for the types that are pinned first', () => {
  writeFileSync(file, [line('hub', rsa), line('*', blob('ecdsa-sha2-nistp256', 'x'), '@revoked ')].join('\n'));
  expect(pinnedTypes([file], 'hub')).toEqual(['ssh-rsa']);
  expect(hostKeyAlgorithms([file], 'hub').slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  expect(hostKeyAlgorithms([file], 'x')[0]).toBe('ssh-ed25519');
});
