import { generateKeyPairSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { hostProgram } from '../../src/adapters/agent/bundle.ts';
import { AgentClient, type ApplyOptions, type BlobSource } from '../../src/adapters/agent/client.ts';
import { localTransport } from '../../src/adapters/local/transport.ts';
import { clawdbot } from '../../src/adapters/runtimes/clawdbot/adapter.ts';
import { encryptTo, generateIdentity } from '../../src/adapters/secrets/age.ts';
import type { AgentEvent, ApplyResult, ServiceManager } from '../../src/core/agent-protocol.ts';
import { type GenerationManifest, type SignedGeneration, signGeneration } from '../../src/core/generation.ts';
import { chpHome } from '../../src/core/home.ts';
import { needsRoot, type TenantLayout, tenantLayout } from '../../src/core/host-layout.ts';
import type { SecretRecord } from '../../src/core/ports/registry.ts';
import type { RuntimeBundle } from '../../src/core/ports/runtime.ts';
import type { Transport } from '../../src/core/ports/transport.ts';
import { withDefaults } from '../../src/core/tenant/defaults.ts';
import type { TenantDocument } from '../../src/core/tenant/schema.ts';
import { scanTree, writeTreeArchive } from '../../src/core/tree-archive.ts';
import { type BuiltGeneration, buildGeneration } from '../../src/operations/build-generation.ts';
import { convergeBase } from '../../src/playbooks/host-base/flow.ts';
import { removeBase } from '../../src/playbooks/host-base/remove.ts';
import { freePort } from './free-port.ts';
import { TEST_CACHE, testBundle } from './runtime-bundle.ts';

export interface Made {
  signed: SignedGeneration;
  built: BuiltGeneration;
}

/** What a test may vary of a tenant's generation. */
export interface Variation {
  config?: Record<string, unknown>;
  model?: TenantDocument['model'];
  ownership?: { family?: string[]; agent?: string[] };
  /** Beside the gateway's token. */
  secrets?: Record<string, string>;
  skills?: Record<string, string>;
  /** Last touch, before it is signed. */
  manifest?: (manifest: GenerationManifest) => GenerationManifest;
}

/** Where the host is and what runs its services. */
export interface Place {
  transport: Transport;
  manager: ServiceManager;
  root: string;
}

interface Keys {
  identity: string;
  recipient: string;
  signing: string;
  verifying: string;
}

/** A host without systemd and without root, as local mode has it: a folder with the base, the agent and one tenant. */
export class AgentHost implements AsyncDisposable {
  readonly root: string;
  readonly tenant: string;
  readonly layout: TenantLayout;
  readonly bundle: RuntimeBundle;
  readonly port: number;
  token = 'token-one-0123456789abcdef';
  readonly #archives: Map<string, string>;
  readonly #keys: Keys;
  readonly #place: Place;

  constructor(root: string, tenant: string, bundle: RuntimeBundle, port: number, keys: Keys, place: Place) {
    this.root = root;
    this.tenant = tenant;
    this.layout = tenantLayout(root, tenant);
    this.bundle = bundle;
    this.port = port;
    this.#keys = keys;
    this.#place = place;
    this.#archives = new Map([bundle.node, bundle.app].map((tree) => [tree.digest, tree.archive]));
  }

  static async create(tenant = 'demo', given?: Place): Promise<AgentHost> {
    const place: Place = given ?? {
      transport: localTransport(),
      manager: 'supervisor',
      root: await mkdtemp(join(tmpdir(), 'chp-agent-')),
    };
    const bundle = await testBundle();
    const { identity, recipient } = await generateIdentity();
    const signing = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const keys = { identity, recipient, signing: signing.privateKey, verifying: signing.publicKey };
    const host = new AgentHost(place.root, tenant, bundle, await freePort(), keys, place);
    await host.bootstrap();
    return host;
  }

  /** What the provider does before the first generation: folders, node, agent, keys. */
  async bootstrap(): Promise<void> {
    const agent = await hostProgram('agent', chpHome({ CHP_HOME: TEST_CACHE, CHP_CACHE: TEST_CACHE }));
    await convergeBase(this.#place.transport, {
      root: this.root,
      tenant: this.tenant,
      manager: this.#place.manager,
      node: this.bundle.node,
      agent,
      ageIdentity: this.#keys.identity,
      signingPublicKey: this.#keys.verifying,
      baseImage: this.#place.manager === 'compose',
      firewallPorts: null,
      packages: [],
    });
  }
  /** `failpoint` makes the agent die there; the signal cuts the connection. */
  client(failpoint?: string, signal?: AbortSignal): AgentClient {
    const { transport, manager } = this.#place;
    const open: Transport['open'] = async (argv, options = {}) => {
      const channel = await transport.open(failpoint ? ['env', `CHP_FAILPOINT=${failpoint}`, ...argv] : argv, options);
      signal?.addEventListener('abort', () => {
        channel.stdin.destroy();
        channel.stdout.destroy();
      });
      return channel;
    };
    return new AgentClient(
      { ...transport, open },
      { root: this.root, nodeTree: this.bundle.node.digest, asRoot: needsRoot(manager) },
    );
  }

  /** A gateway that accepts every config, runs `script` when it is started, and dies. */
  brokenRuntime(script: string): Promise<Made> {
    return this.#runtime(`if (process.argv[2] === 'gateway') { ${script}; process.exit(1); }`);
  }

  async #runtime(entry: string): Promise<Made> {
    const dir = await mkdtemp(join(this.root, 'broken-'));
    const app = join(dir, 'app', 'node_modules', 'clawdbot');
    await mkdir(join(app, 'dist'), { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'clawdbot', version: '9.9.9' }));
    await writeFile(join(app, 'dist', 'entry.js'), entry);
    const tree = await scanTree(join(dir, 'app'));
    await writeTreeArchive(join(dir, 'app'), tree, join(dir, 'app.tar.zst'));
    this.#archives.set(tree.digest, join(dir, 'app.tar.zst'));
    return this.generation({
      manifest: (manifest) => ({
        ...manifest,
        runtime: { ...manifest.runtime, version: '9.9.9', app: tree.digest },
        checks: { ...manifest.checks, gateway: { ...manifest.checks.gateway, version: '9.9.9' } },
      }),
    });
  }

  /** The gateway as another program with another version, which runs `script` (of the state's folder, `state`) before it starts. */
  async otherRuntime(script = ''): Promise<Made> {
    const real = join(this.root, 'trees', this.bundle.app.digest, 'node_modules', 'clawdbot', 'dist', 'entry.js');
    return this.#runtime(
      `const state = process.env.CLAWDBOT_STATE_DIR; if (process.argv[2] === 'gateway') { ${script} }
       process.argv[1] = ${JSON.stringify(real)}; void import(${JSON.stringify(real)});`,
    );
  }

  async generation(variation: Variation = {}): Promise<Made> {
    const { bytes } = await hostProgram('demo-model', chpHome({ CHP_HOME: TEST_CACHE, CHP_CACHE: TEST_CACHE }));
    const tenant = withDefaults({
      schema: 1,
      name: this.tenant,
      topology: 'hub',
      host: 'local',
      gateway: { port: this.port },
      services: { manager: this.#place.manager },
      model: variation.model ?? { provider: 'demo' },
      ...(variation.config ? { config: variation.config } : {}),
      ...(variation.ownership ? { ownership: variation.ownership } : {}),
      secrets: Object.keys(variation.secrets ?? {}),
    });
    const values = { CHP_GATEWAY_TOKEN: this.token, ...variation.secrets };
    const secrets: SecretRecord[] = [];
    for (const [name, value] of Object.entries(values))
      secrets.push({
        tenant: this.tenant,
        name,
        ciphertext: await this.#encrypted(name, value),
        recipient: this.#keys.recipient,
        updatedAt: '',
        rotatedFrom: null,
      });
    const skills = Object.entries(variation.skills ?? {}).map(([name, text]) => ({
      tenant: this.tenant,
      name,
      source: '',
      digest: '',
      updatedAt: '',
      files: JSON.stringify([{ path: 'SKILL.md', mode: 0o644, base64: Buffer.from(text).toString('base64') }]),
    }));
    const built = buildGeneration({
      tenant,
      root: this.root,
      runtime: clawdbot,
      bundle: this.bundle,
      secrets,
      skills,
      automation: null,
      demoModel: bytes,
    });
    const manifest = variation.manifest?.(built.manifest) ?? built.manifest;
    return { built: { ...built, manifest }, signed: signGeneration(manifest, this.#keys.signing) };
  }

  /** Encryption is randomised: the same value must give the same generation. */
  readonly #ciphertexts = new Map<string, string>();
  async #encrypted(name: string, value: string): Promise<string> {
    const key = `${name}=${value}`;
    const known = this.#ciphertexts.get(key) ?? (await encryptTo(this.#keys.recipient, value));
    this.#ciphertexts.set(key, known);
    return known;
  }

  /** As the registry keeps the key of backups. */
  backupKey(): Promise<string> {
    return this.#encrypted('CHP_BACKUP_KEY', 'a key of backups');
  }

  blobs({ built }: Made): BlobSource {
    return {
      object: async (digest) => {
        const bytes = built.objects.get(digest) ?? Buffer.alloc(0);
        return { size: bytes.byteLength, stream: Readable.from([bytes]) };
      },
      tree: async (digest) => {
        const archive = this.#archives.get(digest);
        if (!archive) throw new Error(`no tree ${digest}`);
        return { size: (await stat(archive)).size, stream: createReadStream(archive) };
      },
    };
  }

  /** Applies and confirms; `events` gathers what the agent said. */
  apply(
    made: Made,
    options: Partial<ApplyOptions> & { failpoint?: string; events?: AgentEvent[] } = {},
  ): Promise<ApplyResult> {
    return this.client(options.failpoint).apply(this.tenant, made.signed, this.blobs(made), {
      confirm: options.confirm ?? (async () => true),
      confirmWithinS: options.confirmWithinS ?? 30,
      onEvent: (event) => {
        options.events?.push(event);
        options.onEvent?.(event);
      },
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.rollback ? { rollback: options.rollback } : {}),
      ...(options.keep === undefined ? {} : { keep: options.keep }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client().remove(this.tenant);
    const { transport, manager } = this.#place;
    if (manager === 'compose') await removeBase(transport, { root: this.root, tenant: this.tenant, manager });
    if (manager === 'supervisor') await rm(this.root, { recursive: true, force: true });
  }
}
