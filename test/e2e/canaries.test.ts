import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acquireEngine } from '../../src/adapters/engines/acquire.ts';
import { chpHome } from '../../src/core/home.ts';
import { IDENTITY_SECRETS } from '../../src/stacks/provider/identity.ts';
import { readHub } from '../../src/stacks/run/hub.ts';
import { type FakeHome, startHomeAssistant } from '../fakes/home-assistant.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { commandIds, type Hunted, hunted, NOT_HUNTED } from '../support/hunt/commands.ts';
import { Canaries } from '../support/hunt/needles.ts';
import { type FileHit, Place, type SeenProcesses } from '../support/hunt/places.ts';
import { startModel, type TestModel } from '../support/model.ts';
import { recordedProgress } from '../support/progress.ts';
import { TEST_CACHE } from '../support/runtime-bundle.ts';

/**
 * Plants a canary for every kind of secret that chp has, runs every command that has to do with a tenant, and then looks
 * for the canaries wherever somebody else could look: what was printed, arguments and environments of processes, files
 * and logs on both machines. The host is a real one, and model and devices are reached with the real keys.
 */
const planted = {
  MODEL_KEY: 'canary-model-2f81c7d09be4',
  HOME_ASSISTANT_TOKEN: 'canary-home-93b5e1aa7c06',
  // Of the kind that is written differently in JSON, in addresses and in a shell.
  WEATHER_KEY: 'canary-weather-"61d0\\f2&=ü$(id)',
  'WEATHER_KEY, rotated': 'canary-rotated-c40e8a55d713',
};
const CONTROL = 'canary-control-0b7e6d21f9';
const canaries = new Canaries();
const printed: { by: string; text: string }[] = [];
const dir = mkdtempSync(join(tmpdir(), 'chp-hunt-'));
const here = new Place(null);
let hosts: TestHosts;
let host: TestHost;
let there: Place;
let chp: Chp;
let model: TestModel;
let home: FakeHome;
let tunnel: ChildProcess;
let processes: { here: () => Promise<SeenProcesses>; there: () => Promise<SeenProcesses> };
let questions: string[] = [];

const commands = hunted({
  given: planted.WEATHER_KEY,
  rotated: planted['WEATHER_KEY, rotated'],
  dir,
  question: (n) => questions[n] ?? 'none',
});
/** Changes that take away what the others need. */
const LAST = ['pack:remove', 'tenant:push', 'tenant:apply', 'secret:rm'];
const DEBUG = { DEBUG: '*' };

beforeAll(async () => {
  for (const [name, value] of Object.entries(planted)) canaries.add(name, value);
  canaries.add('control', CONTROL);
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  there = new Place(host.id);
  model = await startModel(() => ({ say: 'hello' }));
  home = await startHomeAssistant({
    token: planted.HOME_ASSISTANT_TOKEN,
    devices: [{ entity_id: 'lock.front_door', state: 'locked' }],
  });
  const forward = (url: string) => ['-R', `${new URL(url).port}:127.0.0.1:${new URL(url).port}`];
  const login = ['-F', hosts.sshConfig, '-o', 'StrictHostKeyChecking=no', '-o', 'LogLevel=ERROR'];
  tunnel = spawn('ssh', [...login, '-N', ...forward(model.url), ...forward(home.url), host.alias], {
    stdio: 'inherit',
  });
  for (const name of ['tmp', 'work']) mkdirSync(join(dir, name));
  writeFileSync(join(dir, 'dead'), `Host ${host.alias}\n  HostName 127.0.0.1\n  Port 1\n  User ops\n`);
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig, TMPDIR: join(dir, 'tmp') });
  processes = { here: here.watchProcesses(), there: there.watchProcesses() };
});

afterAll(async () => {
  tunnel?.kill();
  await model?.[Symbol.asyncDispose]();
  await home?.close();
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
  rmSync(dir, { recursive: true });
});

async function run(args: string[], flags: string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) {
  const at = args.includes('--') ? args.indexOf('--') : args.length;
  const argv = [...args.slice(0, at), ...flags, ...args.slice(at)];
  const ended = await chp.run(argv, { ...options, cwd: join(dir, 'work') });
  printed.push({ by: `chp ${argv.join(' ')}`, text: `${ended.stdout}\n${ended.stderr}` });
  return ended;
}

/** A command in each of its forms. What DEBUG adds to what people read is all that tells the two apart. */
async function hunt(id: string, { kind, run: args, input }: Hunted): Promise<void> {
  const given = input === undefined ? {} : { input };
  const first = await run(args(0), ['--verbose'], { ...given, env: DEBUG });
  expect(first.code, `${args(0).join(' ')}: ${first.stderr}`).toBe(0);
  if (kind === 'look') await run(args(0), [], given);
  await run(args(1), ['--json'], given);
  const dead = { ...DEBUG, CHP_SSH_CONFIG: join(dir, 'dead') };
  const failed = await run(args(2), ['--verbose'], { ...given, env: dead });
  if (failed.code !== 0) return;
  // It has no need of the host.
  const wrong = await run(
    args(2).map((arg) => (arg === 'smith' ? 'nobody' : arg)),
    ['--no-such-flag'],
    given,
  );
  expect({ id, code: wrong.code }).not.toEqual({ id, code: 0 });
}

/** Files that hold canaries, without those that are to: what a place's own rules say of each. */
const strays = (hits: FileHit[], allowed: (hit: FileHit) => boolean): FileHit[] => hits.filter((hit) => !allowed(hit));
const isHis = (hit: FileHit, path: RegExp, user: string, names: string[]): boolean =>
  path.test(hit.path) &&
  /^[0-7]00$/.test(hit.mode) &&
  hit.user === user &&
  hit.names.every((name) => names.includes(name));

/** What is on the host, its journal and its units. @returns files that hold what they should not */
async function onHost(): Promise<FileHit[]> {
  const script = `journalctl --no-pager --all -o export; systemctl show '*'; systemctl cat 'chp-*'; loginctl`;
  const { stdout, stderr } = await host.exec('sh', '-c', script);
  printed.push({ by: 'journal and units', text: stdout + stderr });
  const { read, hits } = await there.files(canaries, ['/', '/run', '/tmp', '/dev/shm'], ['/proc', '/sys', '/usr']);
  expect(read).toBeGreaterThan(100);
  const given = Object.keys(planted);
  return strays(
    hits,
    (hit) =>
      isHis(hit, /^\/var\/lib\/chp\/tenants\/smith\/keys\/identity\.age$/, 'root', ['ageIdentity']) ||
      // The gateway's own copy of what its provider is called with, in its own folder.
      isHis(hit, /^\/var\/lib\/chp\/tenants\/smith\/state\/agents\/main\/agent\/models\.json$/, 'chp-smith', given) ||
      // What was edited by hand, as it was before it was mended.
      isHis(hit, /^\/var\/lib\/chp\/tenants\/smith\/snapshots\/[^/]+\/gateway\.json$/, 'root', given),
  );
}

async function onThisMachine(): Promise<FileHit[]> {
  const roots = [chp.home, dir, join(TEST_CACHE, 'pulumi-runs'), join(hosts.dir)];
  const { hits } = await here.files(canaries, roots);
  const user = hits.find(({ path }) => path.endsWith('/keys/passphrase'))?.user ?? '';
  const own = canaries.names.filter((name) => !(name in planted) && name !== 'control');
  return strays(hits, (hit) => isHis(hit, /\/chp home [^/]+\/keys\//, user, own));
}

test('every command is hunted, or there is a reason why not', () => {
  expect([...Object.keys(commands), ...Object.keys(NOT_HUNTED)].sort()).toEqual(commandIds().sort());
});

test('a tenant is created with keys that work', async () => {
  const document = [
    'schema: 1\nname: smith\ntopology: hub',
    `host: ${host.alias}`,
    `model: {provider: openai-compatible, id: ${model.id}, baseUrl: "${model.url}", secret: MODEL_KEY}`,
    `connectors: {home-assistant: {url: "${home.url}", secrets: {token: HOME_ASSISTANT_TOKEN}}}`,
    'members: [{id: ana, name: Ana, role: Adult}]',
    'packs: [{id: unlock-door}]\n',
  ].join('\n');
  const secrets = ['--secret-env', 'MODEL_KEY', '--secret-env', 'HOME_ASSISTANT_TOKEN'];
  const { MODEL_KEY, HOME_ASSISTANT_TOKEN } = planted;
  const created = await run(['tenant', 'create', '-f', '-', ...secrets, '--accept-new'], ['--verbose'], {
    input: document,
    env: { ...DEBUG, MODEL_KEY, HOME_ASSISTANT_TOKEN },
  });
  expect(created.code, created.stderr).toBe(0);
  expect(model.requests.at(-1)?.authorization).toBe(`Bearer ${MODEL_KEY}`);
  const config = `config: {models: {providers: {x: {apiKey: "${MODEL_KEY}"}}}}\n`;
  const refused = await run(['tenant', 'plan', 'smith', '-f', '-'], ['--verbose'], { input: document + config });
  expect(refused.code).toBe(2);
});

test('every change, as people and as scripts make it, and as it fails', async () => {
  for (const [id, command] of Object.entries(commands)) {
    if (command.kind === 'look' || LAST.includes(id)) continue;
    if (id === 'approve') questions = await openQuestions();
    await hunt(id, command);
  }
  expect(home.calls).toContainEqual(expect.objectContaining({ service: 'lock.unlock' }));
  const rotated = await run(['secret', 'rotate', 'smith', 'CHP_GATEWAY_TOKEN'], ['--verbose'], { env: DEBUG });
  expect(rotated.code, rotated.stderr).toBe(0);
  await run(['secret', 'set', 'smith', 'NODE_OPTIONS'], ['--verbose'], { input: planted.WEATHER_KEY });
  await run(['config', 'set', 'smith', 'agents.defaults.nonsense', '1'], ['--verbose'], { env: DEBUG });
  const killed = await run(['tenant', 'apply', 'smith'], ['--verbose'], {
    env: { ...DEBUG, CHP_FAILPOINT: 'chp:activate:before' },
  });
  expect(killed.code).toBe(null);
});

async function openQuestions(): Promise<string[]> {
  let ids: string[] = [];
  const asked = async () => {
    const open = await chp.json(['inbox', 'smith']);
    ids = open.map(({ id }: { id: string }) => id);
    return ids.length;
  };
  await expect.poll(asked).toBe(2);
  return ids;
}

test('every look, while the live config holds the values of secrets', async () => {
  const path = '/var/lib/chp/tenants/smith/config/gateway.json';
  const config = JSON.parse((await host.exec('cat', path)).stdout);
  config.models.providers['chp-model'].apiKey = planted.MODEL_KEY;
  config.messages = { ...config.messages, messagePrefix: `[${planted['WEATHER_KEY, rotated']}]` };
  const edited = spawn('docker', ['exec', '-i', host.id, 'sh', '-c', `cat >${path}`]);
  edited.stdin.end(JSON.stringify(config));
  await new Promise((resolve) => edited.once('close', resolve));
  const plan = await run(['tenant', 'plan', 'smith'], ['--json']);
  expect(plan.json?.result.drift.config).toEqual([
    expect.objectContaining({ path: 'messages', live: { messagePrefix: '[[hidden]]' } }),
    expect.objectContaining({ path: 'models.providers.chp-model.apiKey', base: '${MODEL_KEY}', live: '[hidden]' }),
  ]);
  const looks = Object.entries(commands).filter(([, { kind }]) => kind === 'look');
  // Two at a time: they change nothing.
  const worker = async () => {
    for (let next = looks.shift(); next; next = looks.shift()) await hunt(...next);
  };
  await Promise.all([worker(), worker()]);
  for (const service of ['worker', 'temporal']) await run(['logs', 'smith', service, '-n', '2000'], []);
  expect((await run(['tenant', 'apply', 'smith'], [])).code).toBe(0);
});

test('what chp itself made is a secret, too', async () => {
  const env = chp.env;
  const paths = chpHome(env);
  const { signal } = new AbortController();
  const engine = await acquireEngine('pulumi', { home: paths, env, signal, progress: recordedProgress() });
  const identity = await readHub('smith', { home: paths, env, signal, engine });
  for (const name of IDENTITY_SECRETS) canaries.add(name, identity?.[name] ?? '');
  const given = `for p in $(pgrep -u chp-smith); do tr '\\0' '\\n' <"/proc/$p/environ"; done`;
  const { stdout } = await host.exec('sh', '-c', given);
  for (const name of ['CHP_GATEWAY_TOKEN', 'CHP_PAYLOAD_KEY'])
    canaries.add(name, new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? '');
  expect(stdout).toContain(`\nWEATHER_KEY=${planted['WEATHER_KEY, rotated']}\n`);
  for (const path of readdirSync(paths.keys, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.pem$|passphrase$/.test(file),
  ))
    canaries.add(path, readFileSync(join(paths.keys, path), 'utf8'));
  expect(canaries.names).toEqual(
    expect.arrayContaining([
      'passphrase',
      'audit.pem',
      'tenants/smith.signing.pem',
      'signingPrivateKey',
      'ageIdentity',
    ]),
  );
});

test('no file of the host holds one but where it belongs, and none of this machine', async () => {
  // What is planted on purpose is found: so would be the others.
  const sealed = Buffer.from(CONTROL).toString('base64');
  writeFileSync(join(dir, 'tmp', 'control'), sealed);
  await host.exec('sh', '-c', `echo ${sealed} >/var/tmp/control`);
  const found = [await onHost(), await onThisMachine()];
  rmSync(join(dir, 'tmp', 'control'));
  await host.exec('rm', '/var/tmp/control');
  expect(found).toEqual([
    [expect.objectContaining({ path: '/var/tmp/control', names: ['control'] })],
    [expect.objectContaining({ path: join(dir, 'tmp', 'control'), names: ['control'] })],
  ]);
});

test('the last changes; when the tenant is gone, so is everything', async () => {
  for (const id of LAST) await hunt(id, commands[id] as Hunted);
  expect((await run(['tenant', 'plan', 'smith', '--exit-code'], [])).code).toBe(0);
  expect(await onHost()).toEqual([]);
  expect((await run(['tenant', 'destroy', 'smith', '--yes'], ['--verbose'], { env: DEBUG })).code).toBe(0);
  expect(await onHost()).toEqual([]);
  expect(await onThisMachine()).toEqual([]);
});

test('nothing that was printed holds one', () => {
  expect(printed.length).toBeGreaterThan(100);
  expect(printed.flatMap(({ by, text }) => canaries.in(text).map((name) => `${name} in: ${by}`))).toEqual([]);
});

test('no process was given one as an argument, and no other user’s in its environment', async () => {
  // What is shown on purpose is seen: so would be the others.
  const shows = ['sh', '-c', `sleep 2; : ${CONTROL}`];
  await host.exec('setpriv', '--reuid=nosudo', '--clear-groups', 'env', `CONTROL=${CONTROL}`, ...shows);
  for (const [place, ends, own] of [
    ['here', processes.here, userInfo().username],
    ['there', processes.there, 'chp-smith'],
  ] as const) {
    const { looks, argv, environments } = await ends();
    expect(looks).toBeGreaterThan(500);
    const found = (text: string) => canaries.in(Buffer.from(text, 'latin1'));
    const shown = argv.flatMap((one) => found(one).map((name) => [name, one.replaceAll('\0', ' ')] as const));
    const known = environments.flatMap(([user, text]) =>
      user === own ? [] : found(text).map((name) => `${name}: ${user}`),
    );
    expect({ place, shown: shown.filter(([name]) => name !== 'control') }).toEqual({ place, shown: [] });
    expect(shown).not.toEqual([]);
    expect({ place, known: [...new Set(known)] }).toEqual({
      place,
      known: place === 'there' ? ['control: nosudo'] : [],
    });
  }
});
