import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { APPLY, type Fault } from './fault.ts';
import type { Hub } from './hub.ts';

const at = (hub: Hub, ...path: string[]): string => join(hub.chp.home, ...path);
const DAY_S = 86_400;

/** Moved away, and back. */
const gone = (...path: string[]): Pick<Fault, 'plant' | 'undo'> => ({
  plant: (hub) => renameSync(at(hub, ...path), `${at(hub, ...path)}.away`),
  undo: (hub) => renameSync(`${at(hub, ...path)}.away`, at(hub, ...path)),
});

const kept = new Map<string, Buffer>();
/** A file with other content, and as it was. */
const edited = (change: (text: string) => string, ...path: string[]): Pick<Fault, 'plant' | 'undo'> => ({
  plant: (hub) => {
    const file = at(hub, ...path);
    const before = readFileSync(file);
    kept.set(file, before);
    writeFileSync(file, change(before.toString()));
  },
  undo: (hub) => writeFileSync(at(hub, ...path), kept.get(at(hub, ...path)) as Buffer),
});

const REGISTRY = ['', '-wal', '-shm'];
/** The registry's files, put back afterwards whatever was done to them. */
const registry = (plant: (hub: Hub, file: string) => void): Pick<Fault, 'plant' | 'undo'> => ({
  plant: (hub) => {
    const file = at(hub, 'registry.db');
    hub.sql('pragma wal_checkpoint(truncate)');
    copyFileSync(file, `${file}.away`);
    plant(hub, file);
  },
  undo: (hub) => {
    const file = at(hub, 'registry.db');
    for (const end of REGISTRY) rmSync(`${file}${end}`, { force: true });
    renameSync(`${file}.away`, file);
  },
});

const STACK = ['pulumi', '.pulumi', 'stacks', 'chp', 'smith.json'];
const LOCKS = ['pulumi', '.pulumi', 'locks', 'organization', 'chp', 'smith'];
/** Of the operator's machine: files, registry, audit, catalogues, state. */
export const HERE: Fault[] = [
  {
    name: 'a key that others can read',
    plant: (hub) => chmodSync(at(hub, 'keys', 'audit.pem'), 0o644),
    red: { 'here.home': { says: /audit\.pem has mode 644/, fix: /chmod -R go-rwx/, automatic: 'private-modes' } },
    undo: (hub) => chmodSync(at(hub, 'keys', 'audit.pem'), 0o600),
  },
  {
    name: 'CHP_HOME open to others',
    plant: (hub) => chmodSync(at(hub), 0o755),
    red: { 'here.home': { says: /has mode 755/, fix: /chmod -R go-rwx/ } },
    undo: (hub) => chmodSync(at(hub), 0o700),
  },
  {
    name: 'the audit key damaged',
    ...edited((text) => text.slice(0, 40), 'keys', 'audit.pem'),
    red: { 'here.audit-key': { says: /no private key/, fix: /back from a backup/ } },
  },
  {
    name: 'the audit key gone',
    ...gone('keys', 'audit.pem'),
    red: { 'here.audit-key': { verdict: 'warn', says: /is gone/, fix: /back from a backup/ } },
  },
  {
    name: 'the passphrase gone',
    ...gone('keys', 'passphrase'),
    red: { 'here.passphrase': { says: /passphrase is missing/, fix: /Do not apply before/ } },
  },
  {
    name: 'a registry that is cut off',
    ...registry((_, file) => truncateSync(file, 6_000)),
    red: { 'here.registry': { says: /cut off|damaged/, fix: /\.bak|backup|copy/ } },
  },
  {
    name: 'a registry of a newer chp',
    ...registry((hub) => hub.sql('pragma user_version = 99')),
    red: { 'here.registry': { says: /newer/, fix: /[Uu]pgrade|newer/ } },
  },
  {
    name: 'an audit entry edited',
    ...registry((hub) => hub.sql("update audit set actor = 'somebody' where seq = 1")),
    red: { 'audit.chain': { says: /entry 1: its content does not match/, fix: /audit export|export/ } },
  },
  {
    name: 'the last audit entry removed',
    ...registry((hub) => hub.sql('delete from audit where seq = (select max(seq) from audit)')),
    red: { 'audit.chain': { says: /missing at the end/, fix: /export/ } },
  },
  {
    name: 'a job that was cut',
    ...registry((hub) =>
      hub.sql(
        "insert into jobs values ('cut', 'smith', 'apply', 'running', 'ops', '2026-01-01T00:00:00.000Z', null, null)",
      ),
    ),
    red: { 'here.jobs': { verdict: 'warn', says: /nobody works on it/, fix: APPLY, of: 'smith' } },
  },
  {
    name: 'no engine',
    plant: (hub) => {
      hub.env = { CHP_CACHE: at(hub, 'no-cache'), PATH: '/usr/bin:/bin' };
    },
    red: { 'here.engines': { verdict: 'warn', says: /none that is/, fix: /chp engine install pulumi/, of: 'pulumi' } },
    undo: (hub) => {
      hub.env = {};
    },
    look: { tenants: [] },
  },
  {
    name: 'this machine’s clock set back',
    plant: () => {},
    red: { 'here.clock': { says: /before the last audit entry/, fix: /set-ntp/ } },
    undo: () => {},
    shiftS: -7_200,
    look: { tenants: [], only: ['here'] },
  },
  {
    name: 'a host whose name is not known any more',
    ...registry((hub) =>
      hub.sql(
        "insert into tenants select 'ghost', phase, topology, 'ops@nowhere.invalid', document, revision, recipient, signing_public_key, generation, created_at, updated_at from tenants",
      ),
    ),
    red: {
      'here.network': { says: /can’t be looked up/, fix: /getent hosts nowhere\.invalid/, of: 'nowhere.invalid' },
    },
  },
  {
    name: 'a catalogue’s statement expired',
    plant: () => {},
    red: {
      'catalogue.expiry': {
        says: /out of date/,
        fix: /chp catalogue renew home/,
        of: 'home',
        automatic: 'renew-catalogue',
      },
    },
    undo: () => {},
    shiftS: 400 * DAY_S,
    look: { tenants: [], only: ['catalogue'] },
  },
  {
    name: 'a catalogue’s statement that expires in days',
    plant: () => {},
    red: { 'catalogue.expiry': { verdict: 'warn', says: /days/, fix: /chp catalogue renew home/, of: 'home' } },
    undo: () => {},
    shiftS: 25 * DAY_S,
    look: { tenants: [], only: ['catalogue'] },
  },
  {
    name: 'a catalogue that is gone',
    ...gone('packs-of-home'),
    red: { 'catalogue.readable': { says: /lost its statement|no catalogue/, fix: /chp catalogue/, of: 'home' } },
  },
  {
    name: 'a catalogue’s signing key gone',
    ...gone('keys', 'catalogues'),
    red: { 'catalogue.keys': { says: /private key .* is gone/, fix: /chp catalogue keys rotate home/, of: 'home' } },
  },
  {
    name: 'an operation of the engine that never ended',
    ...edited(
      (text) => {
        const state = JSON.parse(text);
        const urn = 'urn:pulumi:smith::chp::chp:index:Host::host';
        state.checkpoint.latest.pending_operations = [{ type: 'updating', resource: { urn, type: 'chp:index:Host' } }];
        return JSON.stringify(state);
      },
      ...STACK,
    ),
    red: { 'pulumi.pending': { says: /updating host/, fix: APPLY, automatic: 'apply' } },
  },
  {
    name: 'the state of the infrastructure gone',
    ...gone(...STACK),
    red: { 'pulumi.pending': { says: /no state/, fix: APPLY } },
  },
  {
    name: 'an old lock on the state',
    plant: (hub) => {
      mkdirSync(at(hub, ...LOCKS), { recursive: true });
      writeFileSync(at(hub, ...LOCKS, 'old.json'), '{}');
      utimesSync(at(hub, ...LOCKS, 'old.json'), 0, Date.now() / 1000 - 3_600);
    },
    red: { 'pulumi.locks': { verdict: 'warn', says: /60 minutes old/, fix: APPLY } },
    undo: (hub) => rmSync(at(hub, ...LOCKS, 'old.json')),
  },
  {
    name: 'a tenant that was never finished',
    ...registry((hub) => hub.sql("update tenants set phase = 'failed'")),
    red: { 'tenant.phase': { says: /it is failed/, fix: APPLY } },
  },
  {
    name: 'a document that is no tenant',
    ...registry((hub) => hub.sql("update tenants set document = document || 'colour: red\n'")),
    red: { 'tenant.document': { says: /tenant\.yaml/, fix: /chp tenant export smith/ } },
  },
  {
    name: 'a last change that failed',
    ...registry((hub) =>
      hub.sql(
        "insert into jobs values ('bad', 'smith', 'skill', 'failed', 'ops', '2100-01-01T00:00:00.000Z', '2100-01-01T00:00:01.000Z', 'the model failed')",
      ),
    ),
    red: { 'tenant.last-job': { verdict: 'warn', says: /skill failed .* the model failed/, fix: APPLY } },
  },
  {
    name: 'another generation recorded than runs',
    ...registry((hub) => hub.sql(`update tenants set generation = '${'0'.repeat(64)}'`)),
    red: { 'tenant.generation': { says: /recorded 000000000000, the host has [0-9a-f]{12}/, fix: APPLY } },
  },
  {
    name: 'a secret that nobody gave',
    ...registry((hub) => hub.sql("delete from secrets where name = 'TELEGRAM_TOKEN'")),
    red: { 'secrets.set': { says: /never set/, fix: /chp secret set smith TELEGRAM_TOKEN/, of: 'TELEGRAM_TOKEN' } },
  },
  {
    name: 'a secret encrypted to somebody else',
    ...registry((hub) => hub.sql("update secrets set recipient = 'age1other' where name = 'HUB_CERT'")),
    red: { 'secrets.recipient': { says: /another recipient/, fix: /chp secret set smith HUB_CERT/, of: 'HUB_CERT' } },
  },
  {
    name: 'a secret of two years ago',
    ...registry((hub) => hub.sql("update secrets set updated_at = '2024-01-01T00:00:00.000Z' where name = 'HUB_CERT'")),
    red: {
      'secrets.age': {
        verdict: 'warn',
        says: /\d{3} days old/,
        fix: /chp secret rotate smith HUB_CERT/,
        of: 'HUB_CERT',
      },
    },
  },
  {
    name: 'a certificate that expired',
    plant: () => {},
    red: { 'certificates.valid': { says: /CN=hub expired/, fix: /chp secret set smith HUB_CERT/, of: 'HUB_CERT' } },
    undo: () => {},
    shiftS: 90 * DAY_S,
    look: { only: ['certificates'] },
  },
  {
    name: 'a certificate that expires in days',
    plant: () => {},
    red: { 'certificates.valid': { verdict: 'warn', says: /CN=hub expires/, fix: /HUB_CERT/, of: 'HUB_CERT' } },
    undo: () => {},
    shiftS: 50 * DAY_S,
    look: { only: ['certificates'] },
  },
];
