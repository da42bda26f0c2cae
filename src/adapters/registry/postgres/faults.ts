import { ChpError } from '../../../core/errors.ts';

/** Deadlock, serialisation failure: the same transaction may well succeed when run again. */
const AGAIN = new Set(['40P01', '40001']);
const SYNTAX_OR_SCHEMA = /^42/;

export function isWorthAnotherTry(error: unknown): boolean {
  return AGAIN.has(codeOf(error) ?? '');
}

/** Turns an error of the driver or the server into one for the operator; others go through. */
export function postgresFault(location: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof ChpError || !(error instanceof Error)) return error;
  // No code: pg's own words for a connection that was cut.
  if (code === undefined && !/connect|terminat|timeout/i.test(error.message)) return error;
  if (code !== undefined && SYNTAX_OR_SCHEMA.test(code) && code !== '42501') return error;
  return new ChpError('REGISTRY_UNAVAILABLE', `the registry ${location} can't be used`, {
    why: wordsOf(error),
    next: [
      'Look at the database server, the network between, and CHP_DATABASE_URL.',
      'Then run it again: nothing is left half done.',
    ],
    details: { location, code: code ?? null },
    cause: error,
  });
}

/** For people and as a key: the URL without password and options. @throws ChpError BAD_INPUT */
export function locationOf(url: string): string {
  try {
    const { protocol, username, hostname, port, pathname } = new URL(url);
    if (!/^postgres(ql)?:$/.test(protocol)) throw new Error('not postgres');
    return `postgres://${username ? `${username}@` : ''}${hostname}:${port || 5432}${pathname}`;
  } catch {
    throw new ChpError('BAD_INPUT', 'CHP_DATABASE_URL is not a Postgres URL', {
      why: 'Its value is not shown, because it may hold a password.',
      next: [
        'Form: postgres://user:password@host:5432/database',
        'Or unset it to use the SQLite registry under CHP_HOME.',
      ],
    });
  }
}

function wordsOf(error: Error): string {
  if (error.message !== '') return error.message;
  // A host name with several addresses: node puts the causes inside.
  const inner = error instanceof AggregateError ? (error.errors as Error[]) : [];
  return inner.map(({ message }) => message).join('; ') || error.name;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
