/**
 * HTTPS_PROXY and NO_PROXY of `env`: fetch does not look at them by itself. They count for the whole process, until what
 * is returned is called. node:http is loaded on first use: an import of it loads fetch, too, which most commands do
 * without.
 */
export async function useProxies(env: NodeJS.ProcessEnv): Promise<() => void> {
  const { setGlobalProxyFromEnv } = await import('node:http');
  return setGlobalProxyFromEnv(env);
}
