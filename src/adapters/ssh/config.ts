import { homedir, hostname as localHostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { type ConfigValues, lookUp } from './config-lookup.ts';
import { hostPattern } from './known-hosts.ts';
import { expandHome, expandTokens, expandVariables } from './tokens.ts';

/** Where and how to log in, after ~/.ssh/config (ssh_config(5)). */
export interface SshTarget {
  /** As it was given, without user and port: an alias or a host name. */
  alias: string;
  hostname: string;
  port: number;
  user: string;
  identityFiles: string[];
  /** The configuration names the files; else they are the usual ones. */
  identitiesNamed: boolean;
  /** No keys of the agent but those that are named. */
  identitiesOnly: boolean;
  /** Socket of the agent. */
  identityAgent: string | null;
  /** `[user@]host[:port]` of each hop, first hop first. */
  proxyJump: string[];
  proxyCommand: string | null;
  /** Files that host keys are looked up in: the user's, then the machine's. */
  knownHosts: string[];
  /** Name that the host's key has in them. */
  hostKeyName: string;
  /** 0 = any. */
  family: 0 | 4 | 6;
  /** null = not said. */
  connectTimeoutS: number | null;
  aliveIntervalS: number | null;
  aliveCountMax: number | null;
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `~/.ssh/${name}`);
const USER_KNOWN_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** Name, and what was said with it, of `[user@]host[:port]` or `ssh://[user@]host[:port]`. @throws BAD_INPUT */
export function parseTarget(text: string): { user: string | undefined; host: string; port: number | undefined } {
  const [, user, rest = ''] = /^(?:ssh:\/\/)?(?:([^\s]+)@)?([^\s@]+?)\/?$/.exec(text) ?? [];
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^[\]:/]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?))(?::(\d{1,5}))?$/.exec(
      rest,
    ) ?? [];
  const host = bracketed ?? plain;
  if (!host || host.startsWith('-') || user?.startsWith('-') || (port && (Number(port) > 65535 || Number(port) < 1)))
    throw new ChpError('BAD_INPUT', `"${text}" is no SSH target`, {
      next: ['Write it as user@host, user@host:port, user@[IPv6]:port, or a name from ~/.ssh/config.'],
    });
  return { user, host, port: port ? Number(port) : undefined };
}

/** Looks a target up. @throws BAD_INPUT when it is none, or the configuration can't be read */
export function resolveTarget(text: string, env: NodeJS.ProcessEnv = process.env): SshTarget {
  const given = parseTarget(text);
  const home = env.HOME ?? homedir();
  const values = lookUp({ ...given, home, env });
  const one = (keyword: string): string | undefined => values.get(keyword)?.[0]?.[0];
  const hostname = expandTokens(one('hostname') ?? given.host, { h: given.host });
  const user = given.user ?? one('user') ?? userInfo().username;
  const port = given.port ?? portOf(one('port'));
  const hostKeyAlias = one('hostkeyalias') ?? null;
  const tokens = {
    d: home,
    h: hostname,
    i: String(userInfo().uid),
    k: hostKeyAlias ?? given.host,
    L: localHostname().split('.')[0] ?? '',
    l: localHostname(),
    n: given.host,
    p: String(port),
    r: user,
    u: userInfo().username,
  };
  const path = (text: string): string => expandTokens(expandHome(expandVariables(text, env), home), tokens);
  const list = (keyword: string, usual: string[]): string[] =>
    (values.get(keyword)?.[0] ?? usual).filter((file) => file.toLowerCase() !== 'none').map(path);
  const identities = values.get('identityfile')?.map(([file = 'none']) => file);
  return {
    alias: given.host,
    hostname,
    port,
    user,
    identityFiles: (identities ?? DEFAULT_KEYS).filter((file) => file.toLowerCase() !== 'none').map(path),
    identitiesNamed: identities !== undefined,
    identitiesOnly: isYes(one('identitiesonly')),
    identityAgent: agentSocket(one('identityagent'), env, path),
    ...proxyOf(values, tokens),
    knownHosts: [...list('userknownhostsfile', USER_KNOWN_HOSTS), ...list('globalknownhostsfile', GLOBAL_KNOWN_HOSTS)],
    hostKeyName: hostKeyAlias?.toLowerCase() ?? hostPattern(hostname, port),
    family: ({ inet: 4, inet6: 6 } as const)[one('addressfamily')?.toLowerCase() ?? ''] ?? 0,
    connectTimeoutS: secondsOf(one('connecttimeout')),
    aliveIntervalS: secondsOf(one('serveraliveinterval')),
    aliveCountMax: Number(one('serveralivecountmax')) || null,
  };
}

/** File of the configuration that is read in the place of ~/.ssh/config, if one is. */
export function configFile(env: NodeJS.ProcessEnv): string {
  return env.CHP_SSH_CONFIG || join(env.HOME ?? homedir(), '.ssh', 'config');
}

/** The one that is said first keeps the other from taking effect. */
function proxyOf(values: ConfigValues, tokens: Record<string, string>): Pick<SshTarget, 'proxyJump' | 'proxyCommand'> {
  const first = [...values.keys()].find((keyword) => keyword === 'proxyjump' || keyword === 'proxycommand');
  const value = first ? (values.get(first)?.[0]?.[0] ?? '') : '';
  if (!first || value.toLowerCase() === 'none') return { proxyJump: [], proxyCommand: null };
  const expanded = expandTokens(value, tokens);
  return first === 'proxyjump'
    ? { proxyJump: expanded.split(','), proxyCommand: null }
    : { proxyJump: [], proxyCommand: expanded };
}

function agentSocket(said: string | undefined, env: NodeJS.ProcessEnv, path: (text: string) => string): string | null {
  if (said?.toLowerCase() === 'none') return null;
  if (said === undefined || said === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK || null;
  return (said.startsWith('$') && !said.startsWith('${') ? env[said.slice(1)] : path(said)) || null;
}

const isYes = (text: string | undefined): boolean => /^(yes|true)$/i.test(text ?? '');

function portOf(text: string | undefined): number {
  const port = Number(text ?? 22);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new ChpError('BAD_INPUT', `"${text}" is no port`, { next: ['Mend Port in the SSH configuration.'] });
}

/** sshd_config(5) "TIME FORMATS": `90`, `1m30s`. null = not said, or `none` */
function secondsOf(text: string | undefined): number | null {
  const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
  const parts = [...(text ?? '').matchAll(/(\d+)([smhdw]?)/gi)];
  if (parts.length === 0) return null;
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit.toLowerCase()] ?? 1), 0) || null;
}
