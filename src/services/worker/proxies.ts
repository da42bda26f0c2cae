import { setGlobalProxyFromEnv } from 'node:http';

/** Temporal's SDK and the gateway's socket do not go this way; what is asked of this machine must not leave it. */
const OWN = ['localhost', '127.0.0.1', '::1'];

/**
 * From now on HTTP_PROXY, HTTPS_PROXY and NO_PROXY count for every request of the process: fetch does not look at them
 * by itself. Returns what undoes it. @throws when one of them is no address
 */
export function useProxies(env: NodeJS.ProcessEnv): () => void {
  const direct = [env.no_proxy || env.NO_PROXY, ...OWN].filter(Boolean).join(',');
  return setGlobalProxyFromEnv({ ...env, no_proxy: direct, NO_PROXY: direct });
}
