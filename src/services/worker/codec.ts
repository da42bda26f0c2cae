import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import proto from '@temporalio/proto';
import { ChpError } from '../../core/errors.ts';

const { Payload: PayloadProto } = proto.temporal.api.common.v1;
const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Smaller ones gain nothing. */
const COMPRESS_FROM = 1024;
const MAX_PLAIN = 64 * 1024 * 1024;
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

interface PayloadKey {
  /** Tells which key it was, without telling the key. */
  id: string;
  bytes: Buffer;
}

/**
 * Keys of a tenant: base64 of 32 bytes each, separated by commas. The first encrypts, all decrypt, so that a key can be
 * replaced while runs go on.
 * @throws BAD_INPUT
 */
export function payloadKeys(secret: string, name: string): PayloadKey[] {
  const keys = secret.split(',').map((text) => Buffer.from(text.trim(), 'base64'));
  if (keys.some((key) => key.byteLength !== KEY_BYTES))
    throw new ChpError('BAD_INPUT', `the secret ${name} is not a payload key`, {
      why: `It must be ${KEY_BYTES} bytes in base64.`,
    });
  return keys.map((bytes) => ({ id: createHash('sha256').update(bytes).digest('hex').slice(0, 16), bytes }));
}

/**
 * Everything that Temporal keeps of a tenant is encrypted: inputs, results, messages of failures. What is not encrypted
 * by one of the tenant's keys is refused, so that whoever reaches the server can't start a run of their own making.
 */
export class TenantCodec implements PayloadCodec {
  readonly #keys: readonly PayloadKey[];
  readonly #tenant: Buffer;

  constructor(tenant: string, keys: readonly PayloadKey[]) {
    this.#tenant = Buffer.from(tenant);
    this.#keys = keys;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const plain = PayloadProto.encode(payload).finish();
      const zip = plain.byteLength >= COMPRESS_FROM;
      return {
        metadata: {
          encoding: Buffer.from(ENCODING),
          'chp-key': Buffer.from(this.#first.id),
          ...(zip ? { 'chp-zip': Buffer.from('zstd') } : {}),
        },
        data: this.seal(zip ? zstdCompressSync(plain, LEVEL) : plain),
      };
    });
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map(({ metadata, data }) => {
      if (textOf(metadata?.encoding) !== ENCODING || !data) throw new ValueError('a payload is not encrypted');
      const opened = this.open(data, textOf(metadata?.['chp-key']));
      return PayloadProto.decode(
        metadata?.['chp-zip'] ? zstdDecompressSync(opened, { maxOutputLength: MAX_PLAIN }) : opened,
      );
    });
  }

  /** iv, tag and ciphertext. */
  seal(plain: Uint8Array): Uint8Array {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#first.bytes, iv).setAAD(this.#tenant);
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  }

  /** `keyId` null = whichever fits. @throws ValueError when no key of the tenant's fits, or a bit changed */
  open(sealed: Uint8Array, keyId: string | null = null): Buffer {
    for (const key of this.#keys) {
      if (keyId !== null && key.id !== keyId) continue;
      const decipher = createDecipheriv(CIPHER, key.bytes, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(this.#tenant).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      } catch {}
    }
    throw new ValueError('a payload was not encrypted by this tenant');
  }

  get #first(): PayloadKey {
    return this.#keys[0] as PayloadKey;
  }
}

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();
