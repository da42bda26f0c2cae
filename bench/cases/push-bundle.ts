import { createReadStream } from 'node:fs';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AgentClient } from '../../src/adapters/agent/client.ts';
import { openTransport } from '../../src/adapters/transports.ts';
import { archiveName, packTree } from '../../src/adapters/trees/stored-tree.ts';
import { sha256 } from '../../src/core/digest.ts';
import { MAX_FRAME } from '../../src/core/frames.ts';
import { type SignedGeneration, signGeneration } from '../../src/core/generation.ts';
import { hostLayout, SYSTEM_ROOT } from '../../src/core/host-layout.ts';
import { extractTreeArchive } from '../../src/core/tree-archive.ts';
import { signingKeys } from '../../src/operations/signing-key.ts';
import { recordedProgress } from '../../test/support/progress.ts';
import { testBundle } from '../../test/support/runtime-bundle.ts';
import { onPath, quote, shell } from '../exec.ts';
import { type Fleet, lacksHosts, startFleet } from '../fleet.ts';
import type { BenchCase } from '../harness.ts';

const CHP = 'chp';
const TAR = 'tar | zstd | ssh, unpacked there, sync';

/** node and gateway as trees that the host has never seen, packed once, as for every other host. */
async function newTrees(dir: string): Promise<Map<string, string>> {
  const { node, app } = await testBundle();
  const trees = new Map<string, string>();
  for (const [name, { archive, digest }] of Object.entries({ node, app })) {
    await extractTreeArchive(createReadStream(archive), join(dir, name), digest);
    await writeFile(join(dir, name, 'bench.txt'), 'another tree');
    const tree = await packTree(join(dir, name), dir, recordedProgress(), new AbortController().signal);
    trees.set(tree.digest, join(dir, archiveName(tree)));
  }
  return trees;
}

/** What runs, on the new trees, and with a config that the gateway refuses: so it is taken in whole, but not activated. */
async function refusedGeneration(fleet: Fleet, [node = '', app = '']: string[]): Promise<[SignedGeneration, Buffer]> {
  const registry = await fleet.context.registry();
  const { generation } = await registry.tenant('t1');
  const known = await registry.generation('t1', generation ?? '');
  const { manifest } = JSON.parse(known?.signed ?? '') as SignedGeneration;
  const config = Buffer.from('{"nonsense": true}');
  const files = manifest.files.map((file) =>
    file.path === 'config/gateway.json' ? { ...file, sha256: sha256(config), size: config.byteLength } : file,
  );
  const runtime = { ...manifest.runtime, node, app };
  return [signGeneration({ ...manifest, runtime, files }, signingKeys.read(fleet.context.home, 't1') ?? ''), config];
}

export default {
  name: 'push-bundle',
  title: 'First push of the whole runtime (node and gateway, 17,000 files) over SSH, beside `tar | zstd | ssh`',
  rounds: 5,
  lacks: async () => (onPath('zstd') ? lacksHosts() : 'zstd is not installed'),
  prepare: async () => {
    const fleet = await startFleet();
    const [host] = fleet.hosts.hosts;
    const trees = await newTrees(fleet.dir);
    const [signed, config] = await refusedGeneration(fleet, [...trees.keys()]);
    const { node } = await testBundle();
    let end: Promise<unknown> = Promise.resolve();

    const push = async (): Promise<void> => {
      const transport = await openTransport('chp-host-1', fleet.context.ssh);
      const agent = new AgentClient(transport, { root: SYSTEM_ROOT, nodeTree: node.digest, asRoot: true });
      const { promise: received, resolve, reject } = Promise.withResolvers<void>();
      const blobs = {
        object: async () => ({ size: config.byteLength, stream: Readable.from([config]) }),
        tree: async (digest: string) => {
          const archive = trees.get(digest) ?? '';
          return { size: (await stat(archive)).size, stream: createReadStream(archive, { highWaterMark: MAX_FRAME }) };
        },
      };
      const applied = agent.apply('t1', signed, blobs, {
        confirm: async () => false,
        confirmWithinS: 10,
        onEvent: (event) => event.event === 'step' && event.step === 'received' && resolve(),
      });
      end = applied
        .catch((error) => (error.code === 'CONFIG_REFUSED' ? null : reject(error)))
        .finally(() => transport.close());
      await received;
    };
    const forget = async (): Promise<void> => {
      await end;
      for (const digest of trees.keys()) await host?.exec('rm', '-rf', `${hostLayout(SYSTEM_ROOT).trees}/${digest}`);
      await host?.exec('rm', '-rf', '/home/ops/trees');
      await host?.exec('sync');
    };
    const there = 'mkdir trees && zstd -dc | tar -C trees -xf - && sync -f trees';
    const pipeline = `tar -C ${quote(fleet.dir)} -cf - node app | zstd -q | ${fleet.ssh.map(quote).join(' ')} chp-host-1 ${quote(there)}`;
    return {
      sides: [
        { label: TAR, before: forget, run: () => shell(pipeline) },
        { label: CHP, before: forget, run: push },
      ],
      // 0.8 of the throughput.
      limits: [{ subject: CHP, than: TAR, atMost: 1 / 0.8 }],
      notes: () => [
        'Both end with the same trees on the host’s disk. chp checks every file’s digest on the host, and has packed the trees beforehand, once for all hosts.',
      ],
      [Symbol.asyncDispose]: async () => {
        await end;
        await rm(join(fleet.dir, 'app'), { recursive: true, force: true });
        await fleet[Symbol.asyncDispose]();
      },
    };
  },
} satisfies BenchCase;
