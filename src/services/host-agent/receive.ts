import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentEvent } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { Frame } from '../../core/frames.ts';
import { type GenerationManifest, type SignedGeneration, verifyGeneration } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { nextWithin } from './next-within.ts';
import { assertBlobHeader, assertManifest } from './request.ts';
import type { Store } from './store.ts';

/** A line that went dead without a word must not hold the locks for hours: a slow one delivers a frame in this time. */
const IDLE_MS = 60_000;

/** A generation that this tenant's operator signed, and that says nothing it may not. @throws INTEGRITY */
export function assertOurs(root: string, tenant: string, signed: SignedGeneration): void {
  verifyGeneration(signed, readFileSync(join(tenantLayout(root, tenant).keys, 'signing.pub'), 'utf8'));
  assertManifest(signed.manifest);
  if (signed.manifest.tenant !== tenant)
    throw new ChpError('INTEGRITY', `the generation is for ${signed.manifest.tenant}, not ${tenant}`);
}

/** Asks for what the store lacks of a generation, and takes it in. Call with the store's lock held. @throws AGENT_FAILED, INTEGRITY */
export async function receiveMissing(
  store: Store,
  manifest: GenerationManifest,
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<void> {
  const lacks = store.lacks(manifest);
  await send({ event: 'need', ...lacks });
  for (let missing = lacks.objects.length + lacks.trees.length; missing > 0; missing--)
    await receiveBlob(store, lacks, frames, send);
}

async function receiveBlob(
  store: Store,
  wanted: { objects: Digest[]; trees: Digest[] },
  frames: AsyncGenerator<Frame>,
  send: (event: AgentEvent) => Promise<void>,
): Promise<void> {
  const header = await nextWithin(frames, IDLE_MS);
  if (header.done) throw new ChpError('AGENT_FAILED', 'the connection was cut while files were sent');
  const blob = assertBlobHeader(header.value, wanted);
  let left = blob.size;
  let told = 0;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const frame = await nextWithin(frames, IDLE_MS);
      if (frame.done || frame.value.kind !== 'raw')
        throw new ChpError('AGENT_FAILED', 'the connection was cut while files were sent');
      left -= frame.value.bytes.byteLength;
      if (left < 0) throw new ChpError('AGENT_FAILED', 'more bytes came than were announced');
      yield frame.value.bytes;
      if (blob.size - left - told > 4 * 1024 * 1024) {
        told = blob.size - left;
        void send({
          event: 'progress',
          what: blob.kind === 'tree' ? 'runtime' : 'files',
          done: told,
          total: blob.size,
        });
      }
    }
  };
  await store.receive(blob, chunks());
}
