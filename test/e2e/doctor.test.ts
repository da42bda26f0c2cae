import { webcrypto } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { DoctorCheck } from '../../src/core/doctor.ts';
import { HERE } from '../support/doctor/faults-here.ts';
import { HOST } from '../support/doctor/faults-host.ts';
import { TENANT } from '../support/doctor/faults-tenant.ts';
import { DIR, Hub, redOf, SECRETS } from '../support/doctor/hub.ts';
import { Canaries } from '../support/hunt/needles.ts';

/**
 * Faults that are really put there, one at a time: each must be named by the right check with the right fix, and nothing
 * that has nothing to do with it may be red. And a hub that is well gets no alarm at all.
 */
const LOOKS = 50;
const CERTIFICATE_DAYS = 60;
let hub: Hub;

beforeAll(async () => {
  hub = await Hub.start(await certificate());
  const made = ['catalogue', 'init', `${hub.chp.home}/packs-of-home`, '--name', 'home', '--valid-days', '30'];
  await hub.chp.json(made);
  const show = `systemctl show -p ExecStart --value chp-smith-temporal.service`;
  await hub.sh(`${show} | sed 's/.*--port \\([0-9]*\\).*/\\1/' > /root/temporal`);
  const list = 'schedule list --address 127.0.0.1:$(cat /root/temporal) --output json';
  await hub.sh(
    `$(ls /var/lib/chp/trees/*/bin/temporal) ${list} | grep -o '"smith/[^"]*"' | tr -d '"' | sort -u > /root/schedules`,
  );
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
});

/** Self-signed, in the place of whatever a family's hub has. */
async function certificate(): Promise<string> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as Crypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=hub',
    notBefore: new Date(),
    notAfter: new Date(Date.now() + CERTIFICATE_DAYS * 86_400_000),
    signingAlgorithm: algorithm,
    keys: (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair,
  });
  return made.toString('pem');
}

const words = (checks: readonly DoctorCheck[]): string[] =>
  checks.map(({ id, of, verdict, detail }) => `${id}${of ? ` ${of}` : ''}: ${verdict}: ${detail}`);

test('a hub that is well: no alarm, and what was not checked is said', async () => {
  const seen = await hub.look();
  expect(words(redOf(seen))).toEqual([]);
  expect(seen.well).toBe(true);
  const skipped = seen.reports.flatMap(({ checks }) => checks.filter(({ verdict }) => verdict === 'skipped'));
  expect(skipped.map(({ id }) => id)).toEqual([
    'certificates.identity',
    'pulumi.drift',
    'host.load',
    'host.time-sync',
    'channels.state',
    'channels.message',
    'backups.newest',
  ]);
});

test.each([...HERE, ...HOST, ...TENANT])('$name', async (fault) => {
  const began = new Date(Math.floor(Date.now() / 1000) * 1000);
  await fault.plant(hub);
  let red: DoctorCheck[];
  try {
    if (fault.shiftS) vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + fault.shiftS * 1000 });
    red = redOf(await hub.look({ since: began, ...fault.look }));
  } finally {
    vi.useRealTimers();
    await fault.undo(hub);
  }
  // What was stopped or killed is there again.
  if (fault.settles) await hub.comesBack(fault.settles);
  const named = new Set(red.map(({ id }) => id));
  const allowed = [...Object.keys(fault.red), ...(fault.related ?? [])];
  expect(words(red.filter(({ id }) => !allowed.includes(id)))).toEqual([]);
  for (const [id, { verdict = 'fail', says, fix, of, automatic }] of Object.entries(fault.red)) {
    expect(named, words(red).join('\n')).toContain(id);
    const found = red.find((one) => one.id === id && (of === undefined || one.of === of));
    expect(found, words(red).join('\n')).toMatchObject({ verdict, detail: expect.stringMatching(says) });
    expect(`${found?.fix?.text} ${found?.fix?.command ?? ''}`).toMatch(fix);
    if (automatic) expect(found?.fix?.automatic).toBe(automatic);
  }
});

test('more than forty faults were planted', () => {
  expect(HERE.length + HOST.length + TENANT.length).toBeGreaterThan(40);
});

test(`a hub that is well gets no false alarm in ${LOOKS} looks`, async () => {
  for (let look = 1; look <= LOOKS; look++) expect(words(redOf(await hub.look())), `look ${look}`).toEqual([]);
});

test('--bundle: an archive for support that holds no secret, whatever logs and configuration hold', async () => {
  const unit = 'OBJECT_SYSTEMD_UNIT=chp-smith-gateway.service';
  const said = Object.values(SECRETS).map((value) => `printf 'MESSAGE=said ${value}\\n${unit}\\n' | logger --journald`);
  await hub.sh(said.join('\n'));
  const live = `${DIR}/config/gateway.json`;
  await hub.sh(
    `cp -a ${live} /root/saved && sed -i 's/"port": 18789,/"port": 18789, "x": "${SECRETS.HOME_ASSISTANT_TOKEN}",/' ${live}`,
  );
  const file = join(hub.chp.home, 'support.tar');
  const result = await hub.chp.json(['doctor', 'smith', '--bundle', file], { code: 14 });
  await hub.sh(`cp -a /root/saved ${live}`);
  expect(result.bundle.members).toEqual(
    expect.arrayContaining([
      'README.txt',
      'doctor.json',
      'audit.json',
      'tenants/smith/tenant.yaml',
      'tenants/smith/logs/gateway.txt',
    ]),
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const archive = readFileSync(file);
  // What is looked for can be found: the line is there, its secret is not.
  expect(archive.toString()).toContain('said [hidden]');
  const canaries = new Canaries();
  for (const [name, value] of Object.entries(SECRETS)) canaries.add(name, value);
  for (const key of ['passphrase', 'audit.pem', 'tenants/smith.signing.pem'])
    canaries.add(key, readFileSync(join(hub.chp.home, 'keys', key), 'utf8'));
  expect(canaries.in(archive)).toEqual([]);
  expect((await hub.chp.run(['doctor', '--only', 'here', '--bundle', file])).code).toBe(4);
});

test('--fix mends what is safe: a flushed firewall, open folders, a stopped service, a key that others can read', async () => {
  // What the faults before this one did to services is history, and rightly told.
  const since = ['--since', new Date().toISOString()];
  await hub.sh(
    'nft delete table inet chp; chmod 755 /var/lib/chp/tenants/smith/state; systemctl stop chp-smith-gateway',
  );
  await hub.sh('chmod 644 /var/lib/chp/tenants/smith/state 2>/dev/null; true');
  expect((await hub.chp.run(['doctor', 'smith', '--only', 'host', '--json'])).code).toBe(14);
  const mended = await hub.chp.json(['doctor', 'smith', '--fix', '--yes', ...since]);
  expect(mended.fixes).toEqual([expect.objectContaining({ fix: 'apply', tenant: 'smith', done: true })]);
  expect(words(redOf(mended))).toEqual([]);
  const [entry] = (await hub.chp.json(['audit', 'list', '--tenant', 'smith', '--limit', '1'])) as { action: string }[];
  expect(entry?.action).toBe('tenant.apply');
});
