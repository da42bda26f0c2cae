import npmFetch from 'npm-registry-fetch';
import { ChpError } from '../../core/errors.ts';
import type { CatalogueVersion, FoundPack, LiveCatalogue, Packument } from '../../core/ports/catalogue.ts';
import { plain, readPackument } from '../../packs/read-packument.ts';
import { type Answer, getBounded, unexpected } from './http.ts';
import { KEYS, MAX_BYTES } from './layout.ts';
import { npmLogins } from './npmrc.ts';
import { parseJson, readKeys } from './static.ts';

/** Which login of npm's is for an address; not in the types. */
const { getAuth } = npmFetch as unknown as {
  getAuth(url: string, options: object): { token: string | null; auth: string | null };
};
const PAGE = 250;
const MAX_SEARCH = 4 * 1024 * 1024;

/** Reads a live npm registry, with the login of the operator's npm. What it gives is not verified. */
export function npmCatalogue(location: string, env: NodeJS.ProcessEnv): LiveCatalogue {
  const registry = `${location.replace(/\/+$/, '')}/`;
  const get = (url: string, maxBytes: number): Promise<Answer> =>
    getBounded(url, maxBytes, { accept: 'application/json', ...authorization(url, registry, env) });
  return {
    kind: 'live',
    location,
    async packument(name: string): Promise<Packument | null> {
      const answer = await get(registry + escaped(name), MAX_BYTES.packument);
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw unexpected(location, answer.status);
      return readPackument(parseJson(answer.bytes, location, name), name, location);
    },
    /** From this very registry, whatever host `dist.tarball` names. */
    async tarball({ name, version, dist }: CatalogueVersion, maxBytes: number): Promise<Uint8Array> {
      const path = URL.canParse(dist.tarball, registry) ? new URL(dist.tarball, registry).pathname : '';
      const answer = await get(new URL(path, registry).href, maxBytes);
      if (answer.status === 200) return answer.bytes;
      if (answer.status !== 404) throw unexpected(location, answer.status);
      throw new ChpError('NOT_FOUND', `the tarball of ${name}@${version} is not at ${location}`);
    },
    async keys() {
      const answer = await get(registry + KEYS, MAX_BYTES.keys);
      return answer.status === 200 ? readKeys(parseJson(answer.bytes, location, KEYS)) : [];
    },
    async search(scope: string, words: string, limit: number): Promise<FoundPack[]> {
      const found = new Map<string, FoundPack>();
      for (let from = 0; ; from += PAGE) {
        const query = new URLSearchParams({ text: `${scope} ${words}`.trim(), size: String(PAGE), from: String(from) });
        const answer = await get(`${registry}-/v1/search?${query}`, MAX_SEARCH);
        if (answer.status !== 200) throw unexpected(location, answer.status);
        const page = packsIn(parseJson(answer.bytes, location, 'search'), scope, words);
        const before = found.size;
        for (const pack of page.packs) found.set(pack.name, pack);
        // Some registries ignore `from`: a page that tells nothing new is the last one.
        if (page.listed < PAGE || found.size === before || found.size >= limit) break;
      }
      return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit);
    },
  };
}

export const escaped = (name: string): string => name.replace('/', '%2f');

function authorization(url: string, registry: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const { token, auth } = getAuth(url, { ...npmLogins(env), registry });
  return token ? { authorization: `Bearer ${token}` } : auth ? { authorization: `Basic ${auth}` } : {};
}

function packsIn(read: { objects?: unknown }, scope: string, words: string): { packs: FoundPack[]; listed: number } {
  const objects = Array.isArray(read.objects) ? read.objects : [];
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const packs = objects.flatMap((object): FoundPack[] => {
    const { name, version, description } = (object?.package ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || !name.startsWith(`${scope}/`)) return [];
    const pack = { name, version: typeof version === 'string' ? version : null, description: plain(description) };
    return wanted.every((word) => `${name} ${pack.description}`.toLowerCase().includes(word)) ? [pack] : [];
  });
  return { packs, listed: objects.length };
}
