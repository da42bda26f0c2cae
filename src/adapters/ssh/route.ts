import { isIPv6 } from 'node:net';
import { ChpError } from '../../core/errors.ts';
import { resolveTarget, type SshTarget } from './config.ts';

/** For messages: `ops@hub.example:22`. */
export function nameOf({ user, hostname, port }: Pick<SshTarget, 'user' | 'hostname' | 'port'>): string {
  return `${user}@${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
}

/**
 * The hosts that a connection goes through, the target last. As with OpenSSH the first hop is reached as its own
 * configuration says, every other one through the hop before it. A hop that is the target itself (`Host *` with a
 * ProxyJump) is left out.
 * @throws BAD_INPUT on a target that can't be understood, or hops that lead in a circle
 */
export function routeTo(text: string, env: NodeJS.ProcessEnv, before: readonly string[] = []): SshTarget[] {
  const target = resolveTarget(text, env);
  const name = nameOf(target);
  if (before.includes(name))
    throw new ChpError('BAD_INPUT', `ProxyJump leads in a circle: ${[...before, name].join(' → ')}`, {
      next: ['Set ProxyJump none for the hop in ~/.ssh/config.'],
    });
  const hops = target.proxyJump.flatMap((jump, index) => {
    const hop = resolveTarget(jump, env);
    if (nameOf(hop) === name) return [];
    return index === 0 ? routeTo(jump, env, [...before, name]) : [{ ...hop, proxyJump: [], proxyCommand: null }];
  });
  return [...hops, target];
}
