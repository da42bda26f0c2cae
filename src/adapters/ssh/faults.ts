import { ChpError } from '../../core/errors.ts';
import type { SshTarget } from './config.ts';
import type { Identities } from './identities.ts';
import { TimeoutError } from './patience.ts';
import { nameOf } from './route.ts';

/** What is known when a login failed. */
export interface FailedLogin {
  target: SshTarget;
  /** Hop that it went through. */
  via: SshTarget | null;
  /** The connection stood already. */
  connected: boolean;
  /** What a ProxyCommand said. */
  complaint: string;
  identities: Identities | null;
  /** Methods that the host would let somebody in by; empty = not known. */
  methods: readonly string[];
}

const KNOWN: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens on that port: is sshd running?',
  ENOTFOUND: 'The name does not resolve.',
  EAI_AGAIN: 'The name does not resolve: is there a network?',
  EHOSTUNREACH: 'There is no route to it.',
  ENETUNREACH: 'There is no route to it.',
  ETIMEDOUT: 'It did not answer.',
  ECONNRESET: 'It cut the connection.',
  EPIPE: 'It cut the connection.',
};

/** A server that is busy or restarting ends connections at once: the next attempt may go better. */
const PASSING = /^(ECONNRESET|EPIPE|EAI_AGAIN)$/;
const CLOSED = /lost before handshake|No response from server/;

/** Whether connecting may be tried again. Nothing was run on the host yet. */
export function isPassing(error: Error & { code?: string | number | null }, { complaint }: FailedLogin): boolean {
  return !complaint && (PASSING.test(String(error.code)) || CLOSED.test(error.message));
}

/** What kept us from logging in, for people: HOST_UNREACHABLE or HOST_AUTH. */
export function explainLogin(
  error: Error & { level?: string; code?: string | number | null },
  failed: FailedLogin,
): ChpError {
  const { target, via } = failed;
  if (error.level === 'client-authentication' || /Too many authentication failures/i.test(error.message))
    return explainRefusal(error, failed);
  return new ChpError('HOST_UNREACHABLE', `${nameOf(target)} can't be reached${via ? ` through ${nameOf(via)}` : ''}`, {
    why: whyUnreachable(error, failed),
    next: [`Try it by hand: ssh ${asSshArguments(target)} true`],
    cause: error,
  });
}

function whyUnreachable(error: Error & { code?: string | number | null }, failed: FailedLogin): string {
  const { target, via, connected, complaint } = failed;
  if (complaint) return `Its ProxyCommand said: ${complaint}`;
  if (error instanceof TimeoutError && !connected) return 'It did not answer in time.';
  if (error instanceof TimeoutError) return 'It accepted the connection, then did not go on with the login in time.';
  const ended = CLOSED.test(error.message) || PASSING.test(String(error.code));
  if (ended && target.proxyCommand) return 'Its ProxyCommand ended before the login.';
  if (CLOSED.test(error.message))
    return 'It closed the connection before the login: sshd may be overloaded, or not let in this address.';
  const [, refused] = /Channel open failure: (.*)/.exec(error.message) ?? [];
  if (refused !== undefined && via) return `${nameOf(via)} did not pass the connection on: ${refused}.`;
  return KNOWN[String(error.code)] ?? `${error.message}.`;
}

function explainRefusal(error: Error, failed: FailedLogin): ChpError {
  const { target, methods, identities } = failed;
  const offered = identities?.offered ?? [];
  const skipped = identities?.skipped ?? [];
  const where = nameOf(target);
  const details = { offered, skipped, methods };
  if (identities?.signed && !methods.includes('publickey'))
    return new ChpError('HOST_AUTH', `${where} wants more than a key`, {
      why: `It accepted the key, and then asks for ${methods.join(' or ')}: chp never types passwords.`,
      next: ['Let this key in by itself: AuthenticationMethods publickey in the host’s sshd_config.'],
      details,
      cause: error,
    });
  if (methods.length > 0 && !methods.includes('publickey'))
    return new ChpError('HOST_AUTH', `${where} lets nobody in by key`, {
      why: `It takes ${methods.join(', ')}; chp never types passwords.`,
      next: ['Set PubkeyAuthentication yes in the host’s sshd_config.'],
      details,
      cause: error,
    });
  const tooMany = /Too many/i.test(error.message);
  const why = [
    offered.length > 0 ? `Offered: ${offered.join('; ')}.` : 'There is no key to offer.',
    ...(skipped.length > 0 ? [`Not offered: ${skipped.join('; ')}.`] : []),
    ...(tooMany ? ['The host ended the login before the last of them.'] : []),
  ];
  return new ChpError('HOST_AUTH', `${where} refused every key`, {
    why: why.join(' '),
    next: [
      ...(tooMany ? ['Name the right one with IdentityFile, and set IdentitiesOnly yes, in ~/.ssh/config.'] : []),
      `ssh-copy-id ${asSshArguments(target)}`,
      'Or name the right key with IdentityFile in ~/.ssh/config.',
    ],
    details,
    cause: error,
  });
}

/** How the system's ssh is told of the same target. */
function asSshArguments({ alias, hostname, port, user }: SshTarget): string {
  if (alias !== hostname) return alias;
  return `${port === 22 ? '' : `-p ${port} `}${user}@${hostname}`;
}
