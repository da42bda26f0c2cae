import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import SSHConfig from 'ssh-config';
import { ChpError } from '../../core/errors.ts';

/** Where and how to log in, after ~/.ssh/config (ssh_config(5)). */
export interface SshTarget {
  hostname: string;
  port: number;
  user: string;
  identityFiles: string[];
  identitiesOnly: boolean;
  /** Alias or `user@host:port` of each hop, first hop first. */
  proxyJump: string[];
  proxyCommand: string | null;
  userKnownHosts: string[];
  /** Name that the key is looked up by. */
  hostKeyAlias: string | null;
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** `[user@]host[:port]`, `ssh://…` or an alias. @throws BAD_INPUT */
export function resolveTarget(text: string, env: NodeJS.ProcessEnv = process.env): SshTarget {
  const { user, host, port } = parseTarget(text);
  const home = env.HOME ?? homedir();
  const options = lookUp(env.CHP_SSH_CONFIG ?? join(home, '.ssh', 'config'), host, user);
  const one = (name: string): string | undefined => [options[name]].flat()[0];
  const expand = (path: string): string => expandTokens(path, { home, host: hostname, user: login, port: finalPort });
  const hostname = one('HostName')?.replaceAll('%h', host) ?? host;
  const login = user ?? one('User') ?? userInfo().username;
  const finalPort = port ?? Number(one('Port') ?? 22);
  const files = [options.IdentityFile ?? []].flat();
  const command = one('ProxyCommand');
  const jump = one('ProxyJump');
  return {
    hostname,
    port: finalPort,
    user: login,
    identityFiles: (files.length > 0 ? files : DEFAULT_KEYS.map((name) => `~/.ssh/${name}`)).map(expand),
    identitiesOnly: one('IdentitiesOnly')?.toLowerCase() === 'yes',
    proxyJump: jump && jump !== 'none' ? jump.split(',') : [],
    proxyCommand:
      command && command !== 'none'
        ? expandTokens(command, { home, host: hostname, user: login, port: finalPort })
        : null,
    userKnownHosts: (one('UserKnownHostsFile')?.split(/\s+/) ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']).map(
      expand,
    ),
    hostKeyAlias: one('HostKeyAlias') ?? null,
  };
}

function parseTarget(text: string): { user: string | undefined; host: string; port: number | undefined } {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([0-9a-fA-F:]+)\]|([^\s:@/]+))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (!host || host.startsWith('-') || user?.startsWith('-') || (port && Number(port) > 65535))
    throw new ChpError('BAD_INPUT', `"${text}" is no SSH target`, {
      next: ['Write it as user@host, user@host:port, or a name from ~/.ssh/config.'],
    });
  return { user, host, port: port ? Number(port) : undefined };
}

function lookUp(file: string, host: string, user: string | undefined): Record<string, string | string[] | undefined> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ChpError('BAD_INPUT', `${file} can't be read: ${(error as Error).message}`);
  }
  try {
    return SSHConfig.parse(text).compute({ Host: host, ...(user ? { User: user } : {}) }) as Record<
      string,
      string | string[]
    >;
  } catch (cause) {
    throw new ChpError('BAD_INPUT', `${file} can't be understood: ${(cause as Error).message}`, { cause });
  }
}

function expandTokens(text: string, known: { home: string; host: string; user: string; port: number }): string {
  const tokens: Record<string, string> = {
    '%d': known.home,
    '%h': known.host,
    '%r': known.user,
    '%p': String(known.port),
    '%%': '%',
    '%u': userInfo().username,
  };
  return text
    .replace(/^~(?=\/|$)/, known.home)
    .replace(/^"(.*)"$/, '$1')
    .replace(/%[dhrpu%]/g, (token) => tokens[token] ?? token);
}
