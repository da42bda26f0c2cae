import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobHeader } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { type GenerationManifest, treesOf } from '../../core/generation.ts';
import { hostLayout } from '../../core/host-layout.ts';
import { extractTreeArchive } from '../../core/tree-archive.ts';

const MAX_OBJECT = 64 * 1024 * 1024;

/** Content-addressed files and trees of one host, shared by its tenants. What is in it is complete and checked. */
export class Store {
  readonly #layout: ReturnType<typeof hostLayout>;
  constructor(root: string) {
    this.#layout = hostLayout(root);
  }

  object(digest: Digest): string {
    return join(this.#layout.objects, digest.slice(0, 2), digest);
  }

  tree(digest: Digest): string {
    return join(this.#layout.trees, digest);
  }

  /** What a generation needs and is not here. */
  lacks(manifest: GenerationManifest): { objects: Digest[]; trees: Digest[] } {
    const objects = [...new Set(manifest.files.map((file) => file.sha256))];
    return {
      objects: objects.filter((digest) => !existsSync(this.object(digest))),
      trees: treesOf(manifest).filter((digest) => !existsSync(this.tree(digest))),
    };
  }

  /** Takes one blob in; it appears under its digest only when every byte was right. @throws INTEGRITY */
  async receive(header: BlobHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (header.kind === 'tree') {
      const stream = new PassThrough();
      const extracted = extractTreeArchive(stream, this.tree(header.blob), header.blob);
      const fed = pipeline(chunks, stream);
      extracted.catch(() => stream.destroy());
      // Whichever fails first takes the other with it, and says more than the pipe between them.
      const [unpacked, sent] = await Promise.allSettled([extracted, fed]);
      if (sent.status === 'rejected' && sent.reason.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw sent.reason;
      if (unpacked.status === 'rejected') throw unpacked.reason;
      return;
    }
    if (header.size > MAX_OBJECT)
      throw new ChpError('INTEGRITY', `an object of ${header.size} bytes is over the limit`);
    const path = this.object(header.blob);
    const temporary = `${path}.${process.pid}.new`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    try {
      await using file = await open(temporary, 'w', 0o600);
      for await (const chunk of chunks) {
        hash.update(chunk);
        await file.write(chunk);
      }
      await file.sync();
      if (hash.digest('hex') !== header.blob)
        throw new ChpError('INTEGRITY', `object ${header.blob.slice(0, 12)} arrived damaged`);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** @throws INTEGRITY when the object rotted on disk; it is removed, so that the next push sends it again */
  async read(digest: Digest): Promise<Buffer> {
    const bytes = await readFile(this.object(digest));
    if (createHash('sha256').update(bytes).digest('hex') === digest) return bytes;
    await rm(this.object(digest), { force: true });
    throw new ChpError('INTEGRITY', `object ${digest.slice(0, 12)} is damaged on the host's disk`, {
      next: ['Run the same command again: it is sent anew.'],
    });
  }

  /** Removes objects and trees that no generation on this host refers to. */
  async prune(kept: { objects: ReadonlySet<Digest>; trees: ReadonlySet<Digest> }): Promise<void> {
    for (const shard of await readdir(this.#layout.objects).catch(() => []))
      for (const name of await readdir(join(this.#layout.objects, shard)))
        if (!kept.objects.has(name)) await rm(join(this.#layout.objects, shard, name), { force: true });
    for (const name of await readdir(this.#layout.trees).catch(() => []))
      if (/^[0-9a-f]{64}$/.test(name) && !kept.trees.has(name))
        await rm(join(this.#layout.trees, name), { recursive: true, force: true });
  }
}
