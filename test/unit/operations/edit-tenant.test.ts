import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encryptTo, generateIdentity } from '../../../src/adapters/secrets/age.ts';
import type { Registry } from '../../../src/core/ports/registry.ts';
import { type Context, openContext } from '../../../src/operations/context.ts';
import { editTenantDocument } from '../../../src/operations/edit-tenant.ts';
import { recordedProgress } from '../../support/progress.ts';

const DOCUMENT =
  'schema: 1\nname: smith\ntopology: hub\nhost: local\nmodel: {provider: anthropic, secret: ANTHROPIC_API_KEY}\n';
let home: string;
let context: Context;
let registry: Registry;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'chp-edit-'));
  const env = { CHP_HOME: home, CHP_DATABASE_URL: '', PATH: process.env.PATH };
  context = openContext({ env, progress: recordedProgress(), signal: new AbortController().signal });
  registry = await context.registry();
  await registry.createTenant({ name: 'smith', topology: 'hub', host: 'local', document: DOCUMENT }, []);
  await registry.updateTenant('smith', { phase: 'ready' });
  await store({ secrets: ['KEPT', 'REPLACED', 'REMOVED'], skills: ['kept', 'removed'], packs: ['kept', 'replaced'] });
});
afterEach(async () => {
  await context[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function store(names: { secrets: string[]; skills: string[]; packs: string[] }, digest = 'a'.repeat(64)) {
  const { recipient } = await generateIdentity();
  const tenant = 'smith';
  for (const name of names.secrets)
    await registry.setSecret({ tenant, name, recipient, ciphertext: await encryptTo(recipient, `of ${name}`) });
  for (const name of names.skills)
    await registry.setSkill({ tenant, name, source: `/skills/${name}`, digest, files: '[]' });
  for (const id of names.packs) {
    const seal = { integrity: 'sha512-x', signature: 'x', keyid: 'x', publicKey: 'x', tarball: 'eA==', compiled: '{}' };
    await registry.setPack({ tenant, id, name: `@packs/${id}`, version: '1.0.0', catalogue: 'c', ...seal, digest });
  }
}

/** Times are those of the last writing, which putting back is. */
async function all() {
  const bare = (rows: object[]) => rows.map((row) => ({ ...row, updatedAt: null, rotatedFrom: null }));
  const { document } = await registry.tenant('smith');
  const [secrets, skills, packs] = [registry.secrets('smith'), registry.skills('smith'), registry.packs('smith')];
  return { document, secrets: bare(await secrets), skills: bare(await skills), packs: bare(await packs) };
}

const everything = async (document: string) => {
  await store({ secrets: ['NEW', 'REPLACED'], skills: ['new'], packs: ['new', 'replaced'] }, 'b'.repeat(64));
  await registry.removeSecret('smith', 'REMOVED');
  await registry.removeSkill('smith', 'removed');
  return document;
};
const edit = (stage: boolean, work: (document: string) => Promise<string>) =>
  editTenantDocument(context, 'smith', { kind: 'config', details: {}, stage, alsoChanged: true }, work);

test('an edit that makes no valid document leaves nothing of what it stored', async () => {
  const before = await all();
  const broken = edit(true, async (document) => `${await everything(document)}colour: red\n`);
  await expect(broken).rejects.toMatchObject({ code: 'BAD_DOCUMENT' });
  expect(await all()).toEqual(before);
});

test('a change that the host does not take leaves nothing of what was stored', async () => {
  const before = await all();
  const refused = edit(false, async (document) => `${await everything(document)}# a comment\n`);
  // Its model's key was never set.
  await expect(refused).rejects.toThrow(/ANTHROPIC_API_KEY/);
  expect(await all()).toEqual(before);
});

test('a key that chp made on the way stays: the host works with it by now', async () => {
  const failing = edit(true, async () => {
    await store({ secrets: ['CHP_PAYLOAD_KEY', 'NEW'], skills: [], packs: [] });
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect((await registry.secrets('smith')).map(({ name }) => name)).toEqual([
    'CHP_PAYLOAD_KEY',
    'KEPT',
    'REMOVED',
    'REPLACED',
  ]);
});

test('rows that were not touched keep their time', async () => {
  const times = async () => (await registry.secrets('smith')).map(({ name, updatedAt }) => [name, updatedAt]);
  const before = await times();
  const failing = edit(true, async () => {
    await registry.removeSecret('smith', 'REMOVED');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect((await times()).slice(0, 1)).toEqual(before.slice(0, 1));
});

test('what is staged is kept', async () => {
  const before = await all();
  await edit(true, everything);
  const after = await all();
  expect(after.secrets.map((row) => 'name' in row && row.name)).toEqual(['KEPT', 'NEW', 'REPLACED']);
  expect(after.packs).not.toEqual(before.packs);
});
