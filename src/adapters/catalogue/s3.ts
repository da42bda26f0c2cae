import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ChpError } from '../../core/errors.ts';
import { tooLarge } from './folder.ts';
import type { ObjectStore, StoredFile } from './object-store.ts';

const TRIES = 10;

/**
 * A catalogue in a bucket: `s3://bucket[/prefix]`. Credentials, region and endpoint are those of the AWS environment.
 * Writers are kept apart by conditional writes alone.
 */
export class S3Store implements ObjectStore {
  readonly location: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #client: S3Client;

  constructor(location: string, env: NodeJS.ProcessEnv) {
    const { hostname, pathname } = new URL(location);
    this.location = location;
    this.#bucket = hostname;
    this.#prefix = pathname.replace(/^\/+|\/+$/g, '');
    const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
    this.#client = new S3Client({
      region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
      // Stores other than Amazon's seldom have a host name for each bucket.
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    });
  }

  async get(path: string, maxBytes: number): Promise<StoredFile | null> {
    return this.#ask(path, async () => {
      const found = await this.#client.send(new GetObjectCommand(this.#at(path))).catch((error: unknown) => {
        if (nameOf(error) === 'NoSuchKey' || nameOf(error) === 'NotFound') return null;
        throw error;
      });
      if (!found?.Body) return null;
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const part of found.Body as AsyncIterable<Uint8Array>) {
        size += part.byteLength;
        if (size > maxBytes) throw tooLarge(this.location, path, maxBytes);
        parts.push(part);
      }
      return { bytes: Buffer.concat(parts), mark: found.ETag ?? '' };
    });
  }

  create(path: string, bytes: Uint8Array): Promise<boolean> {
    return this.#put(path, bytes, { IfNoneMatch: '*' });
  }

  replace(path: string, bytes: Uint8Array, mark: string | null): Promise<boolean> {
    return this.#put(path, bytes, mark === null ? { IfNoneMatch: '*' } : { IfMatch: mark });
  }

  async list(folder: string): Promise<{ path: string; modified: Date }[]> {
    const found: { path: string; modified: Date }[] = [];
    const prefix = this.#at(`${folder}/`).Key;
    const cut = prefix.length - folder.length - 1;
    let token: string | undefined;
    do {
      const page = await this.#ask(folder, () =>
        this.#client.send(
          new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
        ),
      );
      for (const { Key = '', LastModified } of page.Contents ?? [])
        found.push({ path: Key.slice(cut), modified: LastModified ?? new Date() });
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  }

  async remove(path: string): Promise<void> {
    await this.#ask(path, () => this.#client.send(new DeleteObjectCommand(this.#at(path))));
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  #put(path: string, bytes: Uint8Array, condition: { IfMatch?: string; IfNoneMatch?: string }): Promise<boolean> {
    const immutable = path.includes('/tarballs/') || /\/[0-9a-f]{64}\.json$/.test(path);
    const put = new PutObjectCommand({
      ...this.#at(path),
      Body: bytes,
      ContentType: path.endsWith('.tgz') ? 'application/octet-stream' : 'application/json',
      CacheControl: immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...condition,
    });
    return this.#ask(path, async () => {
      for (let attempt = 1; ; attempt++)
        try {
          await this.#client.send(put);
          return true;
        } catch (error) {
          const status = (error as S3ServiceException).$metadata?.httpStatusCode;
          // 404: what was to be replaced is gone.
          if (status === 412 || (status === 404 && condition.IfMatch !== undefined)) return false;
          // 409: another conditional write was under way, and it is not known yet which one holds.
          if (status !== 409 || attempt === TRIES) throw error;
          await sleep(Math.random() * 100 * attempt);
        }
    });
  }

  #at(path: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix === '' ? path : `${this.#prefix}/${path}` };
  }

  async #ask<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ChpError) throw error;
      if (nameOf(error) === 'NoSuchBucket')
        throw new ChpError('NOT_FOUND', `there is no bucket "${this.#bucket}"`, {
          next: [`aws s3 mb s3://${this.#bucket}`],
          cause: error,
        });
      throw new ChpError('HOST_UNREACHABLE', `${path} at ${this.location} can't be read or written`, {
        why: error instanceof Error ? error.message : String(error),
        next: ['Check the credentials and the region: aws sts get-caller-identity'],
        cause: error,
      });
    }
  }
}

const nameOf = (error: unknown): string | undefined => (error instanceof S3ServiceException ? error.name : undefined);
