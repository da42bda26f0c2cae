import { expect, test } from 'vitest';
import { missingFor, type Provided } from '../../../src/packs/requirements.ts';

const nothing: Provided = {
  tenant: { name: 'smith', members: [], connectors: {}, packs: [] },
  skills: new Map(),
  secrets: new Set(),
  builtin: ['mental-load'],
};
const requires = {
  skills: { 'mental-load': '^1.0.0', garden: '>=2' },
  connectors: ['google-calendar'],
  secrets: ['GOOGLE_TOKEN'],
  roles: ['Admin', 'Adult'],
  packs: ['chores'],
};

test('everything that is missing is named at once, each with the command that supplies it', () => {
  expect(missingFor({ requires }, nothing)).toEqual([
    { what: 'skill mental-load (^1.0.0)', command: 'chp skill add smith builtin:mental-load' },
    { what: 'skill garden (>=2)', command: 'chp skill add smith FOLDER-OF-garden' },
    { what: 'connector google-calendar', command: expect.stringContaining('connectors.google-calendar') },
    ...['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'].map((name) => ({
      what: `secret ${name}`,
      command: `chp secret set smith ${name}`,
    })),
    { what: 'secret GOOGLE_TOKEN', command: 'chp secret set smith GOOGLE_TOKEN' },
    { what: 'a member who is Admin or Adult', command: 'chp member add smith ID --name NAME --role Adult' },
    { what: 'pack chores', command: 'chp pack install smith chores' },
  ]);
});

test('nothing is missing where all is there', () => {
  const provided: Provided = {
    ...nothing,
    tenant: {
      name: 'smith',
      members: [{ id: 'ana', name: 'Ana', role: 'Adult' }],
      connectors: { 'google-calendar': { secrets: {}, settings: {} } },
      packs: [{ id: 'chores', catalogue: 'builtin', inputs: {}, enabled: true }],
    },
    skills: new Map([
      ['mental-load', '1.2.0'],
      ['garden', '2.0.0'],
    ]),
    secrets: new Set(['GOOGLE_TOKEN', 'GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN']),
  };
  expect(missingFor({ requires }, provided)).toEqual([]);
  expect(missingFor({}, nothing)).toEqual([]);
});

test('a skill of another version, or of none, is missing in that version', () => {
  const provided = { ...nothing, skills: new Map([['garden', null]]) };
  expect(missingFor({ requires: { skills: { garden: '>=2' } } }, provided)).toEqual([
    { what: 'skill garden >=2, it has no version', command: 'chp skill push smith garden' },
  ]);
});

test('a secret that the tenant calls otherwise is looked for under that name', () => {
  const requires = { connectors: ['home-assistant'], secrets: ['HOME_ASSISTANT_TOKEN'] };
  const tenant = {
    ...nothing.tenant,
    connectors: { 'home-assistant': { secrets: { token: 'HA_TOKEN' }, settings: {} } },
  };
  expect(missingFor({ requires }, { ...nothing, tenant, secrets: new Set(['HA_TOKEN']) })).toEqual([]);
  expect(missingFor({ requires }, { ...nothing, tenant, secrets: new Set(['HOME_ASSISTANT_TOKEN']) })).toEqual([
    { what: 'secret HA_TOKEN', command: 'chp secret set smith HA_TOKEN' },
  ]);
});

test('what another secret makes needless is not asked for', () => {
  const tenant = {
    ...nothing.tenant,
    connectors: { 'google-calendar': { secrets: { serviceAccount: 'OUR_ACCOUNT' }, settings: {} } },
  };
  const needs = { connectors: ['google-calendar'], secrets: ['GOOGLE_CLIENT_ID'] };
  expect(missingFor({ requires: needs }, { ...nothing, tenant })).toEqual([
    { what: 'secret OUR_ACCOUNT', command: 'chp secret set smith OUR_ACCOUNT' },
  ]);
});
