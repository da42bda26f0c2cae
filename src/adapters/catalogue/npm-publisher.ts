import { publish } from 'libnpmpublish';
import npmFetch from 'npm-registry-fetch';
import { ChpError } from '../../core/errors.ts';
import type { LiveCatalogue, PackChange, Packument, Publication } from '../../core/ports/catalogue.ts';
import { channelTag, taken } from '../../packs/packument.ts';
import { readPackument, YANKED } from '../../packs/read-packument.ts';
import { escaped } from './npm.ts';
import { npmLogins } from './npmrc.ts';

/** Writes to a live npm registry: whatever npm itself can do there. */
export class NpmPublisher {
  readonly #registry: LiveCatalogue;
  readonly #options: Record<string, unknown>;

  constructor(registry: LiveCatalogue, env: NodeJS.ProcessEnv) {
    this.#registry = registry;
    this.#options = { ...npmLogins(env), registry: `${registry.location.replace(/\/+$/, '')}/`, preferOnline: true };
  }

  /** One after the other: a registry knows no more than one at a time. @throws CONFLICT, HOST_UNREACHABLE */
  async publish(publications: readonly Publication[]): Promise<void> {
    for (const publication of publications) await this.#publishOne(publication);
  }

  /** Tags, deprecations and yanks. @throws CONFLICT for signatures: what was published with a version stays */
  async change(changes: ReadonlyMap<string, PackChange>): Promise<void> {
    for (const [name, change] of changes) {
      const raw = await this.#ask<RawPackument>(`${escaped(name)}?write=true`, {});
      const before = readPackument(raw, name, this.#registry.location);
      const after = change(before);
      if (after === before) continue;
      await this.#writeVersions(name, raw, before, after);
      await this.#writeTags(name, before, after);
    }
  }

  async #publishOne({ name, version, description, tarball, integrity, signatures, tag }: Publication): Promise<void> {
    const there = (await this.#registry.packument(name))?.versions[version];
    if (there && there.dist.integrity !== integrity) throw taken({ name, version });
    if (there) return this.change(new Map([[name, tagged(tag, version)]]));
    // Some registries put their own signatures in place of `dist.signatures`; they keep fields that they don't know.
    const manifest = { name, version, description, keywords: ['chp-pack'], chp: { signatures }, dist: { signatures } };
    try {
      await publish(
        manifest as never,
        Buffer.from(tarball) as never,
        {
          ...this.#options,
          defaultTag: channelTag(tag),
        } as never,
      );
    } catch (error) {
      const now = await this.#registry.packument(name).catch(() => null);
      const won = now?.versions[version];
      // Somebody else was faster; when it was with the same bytes, all is well.
      if (won?.dist.integrity === integrity) return;
      throw won ? taken({ name, version }) : this.#refused(error);
    }
  }

  async #writeVersions(name: string, raw: RawPackument, before: Packument, after: Packument): Promise<void> {
    let changed = false;
    for (const [version, next] of Object.entries(after.versions)) {
      const was = before.versions[version];
      if (was && was.dist.signatures.length !== next.dist.signatures.length)
        throw new ChpError('CONFLICT', 'a live registry keeps the signatures that a version was published with', {
          next: ['Publish a new version with the new key.'],
        });
      const word = next.yanked === undefined ? (next.deprecated ?? '') : `${YANKED}${next.yanked}`;
      const one = raw.versions[version];
      if (!one || (one.deprecated ?? '') === word) continue;
      one.deprecated = word;
      changed = true;
    }
    if (changed) await this.#ask(escaped(name), { method: 'PUT', body: raw, ignoreBody: true });
  }

  async #writeTags(name: string, before: Packument, after: Packument): Promise<void> {
    const path = (tag: string): string => `-/package/${escaped(name)}/dist-tags/${encodeURIComponent(tag)}`;
    for (const [tag, version] of Object.entries(after['dist-tags']))
      if (before['dist-tags'][tag] !== version)
        await this.#ask(path(tag), {
          method: 'PUT',
          body: JSON.stringify(version),
          headers: { 'content-type': 'application/json' },
          ignoreBody: true,
        });
    for (const tag of Object.keys(before['dist-tags']))
      if (after['dist-tags'][tag] === undefined)
        await this.#ask(path(tag), { method: 'DELETE', ignoreBody: true }).catch(() => {
          // Most registries keep `latest` for good. The version that it points to says by itself that it is yanked.
        });
  }

  async #ask<T>(path: string, options: Record<string, unknown>): Promise<T> {
    try {
      const response = await npmFetch(path, { ...this.#options, ...options } as never);
      return (options.ignoreBody ? undefined : await response.json()) as T;
    } catch (error) {
      throw this.#refused(error);
    }
  }

  #refused(error: unknown): ChpError {
    const { code, statusCode, message } = error as { code?: string; statusCode?: number; message: string };
    const { location } = this.#registry;
    if (statusCode === 404) return new ChpError('NOT_FOUND', `${location} knows no such pack`, { cause: error });
    if (statusCode === 409)
      return new ChpError('CONFLICT', `somebody else changes the same pack at ${location} at this moment`, {
        next: ['Try again: it says what is there by then.'],
        cause: error,
      });
    const login = statusCode === 401 || statusCode === 403 || code === 'ENEEDAUTH';
    return new ChpError('HOST_UNREACHABLE', `${location} did not take it`, {
      why: message.split('\n')[0] ?? '',
      next: login ? [`npm login --registry ${location}`] : [],
      cause: error,
    });
  }
}

interface RawPackument {
  versions: Record<string, { deprecated?: string }>;
}

const tagged =
  (tag: string, version: string): PackChange =>
  (packument) => {
    const known = packument as Packument;
    if (known['dist-tags'][channelTag(tag)] === version) return known;
    return { ...known, 'dist-tags': { ...known['dist-tags'], [channelTag(tag)]: version } };
  };
