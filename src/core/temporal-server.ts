/** Search attribute that names the tenant of a run. No secret: it may be looked for. */
export const TENANT_ATTRIBUTE = 'ChpTenant';

/**
 * Arguments of `temporal` that run its server on one machine: loopback only, no web page, everything in one SQLite file.
 * Eager activities save a round trip a step. Pure.
 */
export function temporalServerArgs(server: { port: number; dbFile: string; namespace: string }): string[] {
  return [
    ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(server.port)],
    ...['--namespace', server.namespace, '--db-filename', server.dbFile],
    ...['--search-attribute', `${TENANT_ATTRIBUTE}=Keyword`, '--log-level', 'warn'],
    ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
  ];
}
