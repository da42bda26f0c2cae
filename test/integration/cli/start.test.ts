import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../../src/core/exit-codes.ts';
import { packagePath } from '../../../src/core/package-root.ts';
import { Chp } from '../../support/chp.ts';
import { freePort } from '../../support/free-port.ts';
import { TEST_CACHE } from '../../support/runtime-bundle.ts';

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}
const pjson = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string; files: string[] };
const dir = mkdtempSync(join(tmpdir(), 'chp start '));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(argv: string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Promise<Ended> {
  const [command = '', ...args] = argv;
  const env = { ...process.env, CHP_HOME: join(dir, 'home'), ...options.env };
  const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (text[name] += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}
const node = process.execPath;

describe('a node that is too old', () => {
  /** Starts run.js as an old node would: this node with another number. */
  const asOld = (root: string, ...args: string[]): Promise<Ended> => {
    const lie = "Object.defineProperty(process.versions, 'node', { value: '20.19.0' });";
    return run([
      node,
      '--import',
      `data:text/javascript,${encodeURIComponent(lie)}`,
      join(root, 'bin/run.js'),
      ...args,
    ]);
  };

  test('starts again with the one that came along, and ends as that ends', async () => {
    const fine = await asOld(packagePath(), 'version', '--json');
    expect(fine.stderr).toBe('');
    expect(JSON.parse(fine.stdout).result.node).toBe('24.21.0');
    const wrong = await asOld(packagePath(), 'tenant', 'show', 'nobody');
    expect(wrong.code).toBe(EXIT_CODES.notFound.code);
  });

  test('says how to get one, exit 2, when none came along', async () => {
    const bare = join(dir, 'bare');
    cpSync(packagePath('bin'), join(bare, 'bin'), { recursive: true });
    cpSync(packagePath('package.json'), join(bare, 'package.json'));
    const { code, stderr, stdout } = await asOld(bare, '--version');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('this is 20.19.0');
    expect(stderr).toContain('Next: install Node.js 24');
  });

  test('what it runs first is understood by node 12: no newer syntax', () => {
    for (const file of ['bin/run.js', 'bin/old-node.js'])
      expect(readFileSync(packagePath(file), 'utf8')).not.toMatch(/\?\.|\?\?|\bawait\b|#\w+\s*[=(;]/);
  });
});

describe('npx chp in a checkout', () => {
  const asked: string[] = [];
  let registry: Server;
  beforeAll(async () => {
    registry = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => registry.close());

  test('is this chp, and no registry is asked for another', async () => {
    const { port } = registry.address() as AddressInfo;
    const { stdout, stderr, code } = await run(['npx', '--yes', 'chp', 'version', '--json'], {
      cwd: packagePath(),
      env: { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_cache: join(dir, 'npm') },
    });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).result.version).toBe(pjson.version);
    expect(asked.filter((url) => /^\/(chp|@clawd-home)/.test(url))).toEqual([]);
  });
});

describe('as it is published', () => {
  const root = join(dir, 'package');
  beforeAll(async () => {
    const built = await run([node, packagePath('scripts/build.ts'), join(root, 'dist')]);
    expect(built).toMatchObject({ code: 0 });
    for (const name of ['package.json', ...pjson.files].filter(
      (name) => name !== 'dist' && existsSync(packagePath(name)),
    ))
      cpSync(packagePath(name), join(root, name), { recursive: true });
    symlinkSync(packagePath('node_modules'), join(root, 'node_modules'));
  });
  const chp = (...args: string[]): Promise<Ended> => run([node, join(root, 'bin/run.js'), ...args]);

  test('it has what it needs, and no sources', () => {
    expect(existsSync(join(root, 'src'))).toBe(false);
    for (const file of [
      'dist/host/agent.mjs',
      'dist/host/demo-model.mjs',
      'dist/provider.js',
      'templates/host/facts.sh',
    ])
      expect(existsSync(join(root, file)), file).toBe(true);
  });

  test('commands answer as from the sources', async () => {
    expect(JSON.parse((await chp('version', '--json')).stdout).result.version).toBe(pjson.version);
    expect(await chp('tenant', 'list', '--json')).toMatchObject({ code: 0, stderr: '' });
    expect(await chp('tenant', 'show', 'nobody')).toMatchObject({ code: EXIT_CODES.notFound.code });
    expect((await chp('help', 'tenant', 'create')).stdout).toContain('EXIT CODES');
    expect(await chp('tenant', 'lst')).toMatchObject({ code: EXIT_CODES.usage.code });
  });

  test('a document that is wrong in many ways is refused in the words of the sources: its validator was compiled', async () => {
    const file = join(dir, 'wrong.yaml');
    const lines = ['schema: 1', 'name: smith', 'topologie: hub', 'topology: hubb', 'host: 7', 'gateway: { port: x }'];
    writeFileSync(file, `${[...lines, 'model: { provider: demo, baseUrl: "not a url" }'].join('\n')}\n`);
    const args = ['tenant', 'create', '-f', file, '--json'];
    const fromSources = await run([node, packagePath('bin/run.js'), ...args]);
    expect(fromSources.stdout).toContain('topologie');
    expect(await chp(...args)).toEqual(fromSources);
  });

  test('it speaks ssh', async () => {
    const refused = await chp('tenant', 'create', 'far', '--host', 'ops@127.0.0.1:1', '--model', 'demo', '--json');
    expect(refused).toMatchObject({ code: EXIT_CODES.unreachable.code, stderr: '' });
    expect(JSON.parse(refused.stdout).error).toMatchObject({
      code: 'HOST_UNREACHABLE',
      why: expect.stringContaining('Nothing listens'),
    });
  });

  test('every command can be loaded', async () => {
    const files = readdirSync(join(root, 'dist/commands'), { recursive: true, encoding: 'utf8' });
    const commands = files.filter((file) => file.endsWith('.js')).map((file) => join(root, 'dist/commands', file));
    const manifest = JSON.parse(readFileSync(packagePath('oclif.manifest.json'), 'utf8')) as { commands: object };
    expect(commands).toHaveLength(Object.keys(manifest.commands).length);
    const load = `for (const file of ${JSON.stringify(commands)}) if (!(await import(file)).default) throw new Error(file)`;
    expect(await run([node, '--input-type=module', '-e', load])).toMatchObject({ code: 0, stderr: '' });
  });

  test('a tenant is created, runs a turn, and is destroyed: engine, provider and agent are all found', async () => {
    const env = { CHP_CACHE: TEST_CACHE };
    const start = [node, join(root, 'bin/run.js'), 'tenant'];
    const port = String(await freePort());
    const created = await run(
      [...start, 'create', 'pub', '--host', 'local', '--model', 'demo', '--port', port, '--json'],
      { env },
    );
    const destroyed = await run([...start, 'destroy', 'pub', '--yes', '--json'], { env });
    expect(created, created.stdout).toMatchObject({ code: 0, stderr: '' });
    expect(destroyed, destroyed.stdout).toMatchObject({ code: 0 });
  });

  test('the host agent starts alone, under the same node', async () => {
    const alone = join(dir, 'alone');
    mkdirSync(alone);
    cpSync(join(root, 'dist/host/agent.mjs'), join(alone, 'agent.mjs'));
    const { stderr } = await run([node, join(alone, 'agent.mjs'), 'nonsense'], { cwd: alone });
    expect(stderr).not.toMatch(/Cannot find|SyntaxError/);
  });

  test('--version is answered without what was built', async () => {
    const bare = join(dir, 'version');
    for (const name of ['bin', 'package.json']) cpSync(packagePath(name), join(bare, name), { recursive: true });
    const { code, stdout } = await run([node, join(bare, 'bin/run.js'), '--version']);
    expect(code).toBe(0);
    expect(stdout).toContain(`/${pjson.version} `);
  });
});

describe('signals and pipes', () => {
  test('Ctrl-C while a host does not answer: exit 130, and what next', async () => {
    const sockets = new Set<import('node:net').Socket>();
    const silent = createTcp((socket) => sockets.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const chp = new Chp();
    const args = ['tenant', 'create', 'smith', '--host', `ops@127.0.0.1:${port}`, '--model', 'demo', '--json'];
    const child = spawn(node, [packagePath('bin/run.js'), ...args], {
      env: chp.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    await new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('close', resolve));
    for (const socket of sockets) socket.destroy();
    silent.close();
    chp.cleanUp();
    expect(code).toBe(EXIT_CODES.interrupted.code);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'INTERRUPTED' });
  });

  test('a reader that went away is no fault', async () => {
    const line = `"${node}" "${packagePath('bin/run.js')}" help --nested-commands | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await run(['bash', '-c', line]);
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });
});
