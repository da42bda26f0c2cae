import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditSigner, readAuditWitness, writeAuditWitness } from '../../../../src/adapters/keys/audit-key.ts';
import { statePassphrase } from '../../../../src/adapters/keys/passphrase.ts';
import { makeAuditEntry, verifyAudit } from '../../../../src/core/audit.ts';

let dir: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chp-keys-'));
  env = { CHP_HOME: join(dir, 'home') };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const keyFile = (name: string) => join(dir, 'home', 'keys', name);

describe('the audit key', () => {
  test('is made once, private, and signs', () => {
    const signer = auditSigner(env);
    expect(auditSigner(env)).toEqual(signer);
    expect(statSync(keyFile('audit.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'home', 'keys')).mode & 0o777).toBe(0o700);
    const entry = makeAuditEntry(null, { at: 'now', actor: 'a', action: 'b', tenant: null, details: {} }, signer);
    expect(verifyAudit([entry], [signer.publicKeyPem])).toMatchObject({ ok: true, keyIds: [signer.keyId] });
  });

  test('is one, of many processes that make it at once', async () => {
    const module = new URL('../../../../src/adapters/keys/audit-key.ts', import.meta.url).href;
    const script = `const { auditSigner } = await import(${JSON.stringify(module)}); console.log(auditSigner().keyId)`;
    const run = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, ...env } });
    const ids = (await Promise.all(Array.from({ length: 6 }, run))).map(({ stdout }) => stdout);
    expect(new Set(ids).size).toBe(1);
    expect(readdirSync(join(dir, 'home', 'keys'))).toEqual(['audit.pem']);
  });

  test('is refused when others may read it, or when it is something else', () => {
    auditSigner(env);
    chmodSync(keyFile('audit.pem'), 0o644);
    expect(() => auditSigner(env)).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', next: [expect.stringContaining('chmod 600'), expect.any(String)] }),
    );
    writeFileSync(keyFile('audit.pem'), 'no key');
    chmodSync(keyFile('audit.pem'), 0o600);
    expect(() => auditSigner(env)).toThrow(expect.objectContaining({ code: 'INTEGRITY' }));
  });

  test('what was last written is remembered for each registry', () => {
    expect(readAuditWitness('a', env)).toBeUndefined();
    writeAuditWitness('a', { seq: 1, hash: 'x' }, env);
    writeAuditWitness('b', { seq: 2, hash: 'y' }, env);
    writeAuditWitness('a', { seq: 3, hash: 'z' }, env);
    expect([readAuditWitness('a', env), readAuditWitness('b', env)]).toEqual([
      { seq: 3, hash: 'z' },
      { seq: 2, hash: 'y' },
    ]);
  });
});

describe('the state passphrase', () => {
  test('is made once, and is long', () => {
    expect(statePassphrase(env)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(statePassphrase(env)).toBe(statePassphrase(env));
    expect(statSync(keyFile('passphrase')).mode & 0o777).toBe(0o600);
  });

  test('comes from the environment first, then from a file', () => {
    const file = join(dir, 'pass');
    writeFileSync(file, 'from the file\n');
    expect(statePassphrase({ ...env, CHP_PASSPHRASE_FILE: file })).toBe('from the file');
    expect(statePassphrase({ ...env, CHP_PASSPHRASE_FILE: file, CHP_PASSPHRASE: 'direct' })).toBe('direct');
  });

  test('is never empty, and a missing file is an error', () => {
    const file = join(dir, 'pass');
    expect(() => statePassphrase({ ...env, CHP_PASSPHRASE_FILE: file })).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT' }),
    );
    writeFileSync(file, '\n');
    expect(() => statePassphrase({ ...env, CHP_PASSPHRASE_FILE: file })).toThrow(/empty/);
  });
});
